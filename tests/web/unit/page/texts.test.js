import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../../../hangd/web/page/texts/en.js";
import { app } from "../../../../hangd/web/page/texts/en_app.js";
import { client } from "../../../../hangd/web/page/texts/en_client.js";
import { dialogs } from "../../../../hangd/web/page/texts/en_dialogs.js";
import { entrance } from "../../../../hangd/web/page/texts/en_entrance.js";
import { files } from "../../../../hangd/web/page/texts/en_files.js";
import { page } from "../../../../hangd/web/page/texts/en_page.js";
import { player } from "../../../../hangd/web/page/texts/en_player.js";
import { trust } from "../../../../hangd/web/page/texts/en_trust.js";
import { listed, missing, t } from "../../../../hangd/web/page/texts/texts.js";

test("values are filled in, and a number chooses the form", () => {
  assert.equal(t("list.more", { names: "ann", count: 2 }), "ann and 2 more");
});

test("a key that is in no table is shown, and remembered", () => {
  assert.equal(t("no.such.key"), "no.such.key");
  assert.ok(missing.delete("no.such.key"));
});

test("a name that is written from right to left is isolated, and cannot end its isolation", () => {
  const text = t("list.and", { names: "\u05d0\u2069\u202e", last: "bob" });
  assert.equal(text, "\u2068\u05d0\u2069 and bob");
});

test("in a list, each name that is written from right to left is isolated by itself", () => {
  const names = listed(["\u05d0", "bob", "\u05d1"]);
  assert.equal(names, "\u2068\u05d0\u2069, bob and \u2068\u05d1\u2069");
  assert.equal(t("list.more", { names, count: 2 }), `${names} and 2 more`);
});

test("names are listed in words", () => {
  assert.equal(listed([]), "");
  assert.equal(listed(["ann"]), "ann");
  assert.equal(listed(["ann", "bob", "cem"]), "ann, bob and cem");
  assert.equal(listed(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
});

test("no text has a form that English does not use, and none is empty", () => {
  for (const [key, text] of Object.entries({ ...en, ...trust, ...dialogs })) {
    const forms = typeof text === "string" ? [text] : Object.values(text);
    assert.ok(
      forms.every((form) => form.trim() !== ""),
      key,
    );
  }
});

test("no two parts have a text of the same key", () => {
  const keys = [page, app, client, entrance, files, player, trust, dialogs].flatMap((part) => Object.keys(part));
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  assert.deepEqual(twice, []);
});
