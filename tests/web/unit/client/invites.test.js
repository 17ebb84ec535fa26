import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  invitation,
  inviteTo,
  roomIn,
  sameRoom,
  serverOf,
  signed,
  tokenIn,
} from "../../../../hangd/web/client/invites.js";

test("the rooms are beside the page, under any path", () => {
  const pairs = {
    "http://127.0.0.1:3005/": "ws://127.0.0.1:3005/ws",
    "https://films.example.org/hang/": "wss://films.example.org/hang/ws",
    "https://films.example.org/hang/#friday": "wss://films.example.org/hang/ws",
    "https://films.example.org/hang/index.html?x=1#friday": "wss://films.example.org/hang/ws",
    "http://[fd00::1]:3005/": "ws://[fd00::1]:3005/ws",
  };
  for (const [page, server] of Object.entries(pairs)) assert.equal(serverOf(page), server);
});

test("a link leads to the page that others reach", () => {
  const page = "http://192.168.0.7:3005/hang/index.html#old";
  assert.equal(inviteTo(page, "friday"), "http://192.168.0.7:3005/hang/#friday");
  assert.equal(inviteTo(page, "friday", "wss://films.example.org/ws"), "https://films.example.org/#friday");
  assert.equal(inviteTo(page, "friday", "wss://films.example.org/hang/ws"), "https://films.example.org/hang/#friday");
  assert.equal(inviteTo(page, "friday", "wss://films.example.org:8443/"), "https://films.example.org:8443/#friday");
  // Beside such an address there is no page.
  for (const odd of ["wss://films.example.org/rooms", "javascript:alert(1)", "no url", "https://x/ws"]) {
    assert.equal(inviteTo(page, "friday", odd), "http://192.168.0.7:3005/hang/#friday");
  }
});

test("every room's name comes back out of its link", () => {
  for (const room of ["friday", "ciné ☕ 50 %", "a#b?c&d", "غرفة", "%41", "x".repeat(64), "a'b\"c<d>"]) {
    assert.equal(roomIn(new URL(inviteTo("https://h/", room)).hash), room);
    assert.deepEqual(invitation(inviteTo("https://h/p/", room), "https://h/p/"), {
      room,
      token: null,
      here: true,
      link: null,
    });
  }
});

test("what is no room's name is none", () => {
  for (const hash of ["", "#", "#%20", "#a/b", "#%E0%A4%A", `#${"x".repeat(65)}`]) assert.equal(roomIn(hash), null);
});

test("links and names are understood as they are pasted", () => {
  const typed = {
    " friday ": "friday",
    "http://h:3005/#friday": "friday",
    "HTTP://H:3005/#cin%C3%A9": "ciné",
    "h:3005/#friday": "friday",
    "http://h:3005/": "",
    "hang://h:3005/friday": "friday",
    "hang://h/friday": "friday",
    "hang://h:3005//friday": "friday",
    "hang://h:3005/friday?key=1": "friday",
    "hang://h:3005/": "",
    "hang://": "",
    "http://[": "",
    "what? #1": "what? #1",
    "ab829fac-86a2-48bb-ad60-e07c6946be8a": "ab829fac-86a2-48bb-ad60-e07c6946be8a",
  };
  for (const [text, room] of Object.entries(typed)) {
    assert.deepEqual(invitation(text, "http://h:3005/#other"), { room, token: null, here: true, link: null }, text);
  }
  assert.ok(invitation("hangs://h:443/hang/ws/ciné", "https://h/hang/").here);
});

test("a link of another server is told apart, also one of another path, port or scheme", () => {
  for (const link of [
    "http://g:3005/#friday",
    "http://h:3005/hang/#friday",
    "http://h/#friday",
    "https://h:3005/#friday",
  ]) {
    assert.deepEqual(invitation(link, "http://h:3005/"), { room: "friday", token: null, here: false, link }, link);
  }
  for (const invite of ["hang://g:3005/friday", "hangs://h/friday", "hang://h:3005/hang/ws/friday"]) {
    assert.deepEqual(
      invitation(invite, "http://h:3005/"),
      { room: "friday", token: null, here: false, link: null },
      invite,
    );
  }
});

test("names of rooms are the same as the server compares them", () => {
  assert.ok(sameRoom("CINÉ ☕", "cine\u0301 ☕\ufe0f"));
  assert.ok(sameRoom("a\u00a0b", "A b"));
  assert.ok(!sameRoom("a", "b"));
  assert.ok(!sameRoom("a", null));
});

/** @type {{text: string, room: string, server: string, token?: string, made_by?: string}[]} */
const LINKS = readFileSync(new URL("../../../golden/links.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));

test("links mean to the page what they mean to hangd", () => {
  assert.ok(LINKS.length >= 27);
  for (const { text, room, server, token = null } of LINKS) {
    const page = server.replace(/^ws/, "http").replace(/ws(\?.*)?$/, "");
    const found = invitation(text, page);
    assert.deepEqual([found.room, found.token, found.here], [room, token, true], text);
    assert.ok(!invitation(text, "https://elsewhere.example/").here, text);
  }
});

test("the page makes the links that hangd makes", () => {
  const made = LINKS.filter((link) => link.made_by === "page_link");
  assert.ok(made.length >= 4);
  for (const { text, room, server, token = null } of made) {
    const link = signed(inviteTo("http://other/", room, server), token);
    // hangd encodes some more signs than a browser does.
    assert.deepEqual(invitation(link, link), invitation(text, link));
    assert.equal(roomIn(new URL(link).hash), room);
    assert.equal(tokenIn(new URL(link).hash), token);
  }
});

test("a token is no part of the room's name, and one that is too long is none", () => {
  assert.deepEqual([roomIn("#friday&invite=a.b-c_d"), tokenIn("#friday&invite=a.b-c_d")], ["friday", "a.b-c_d"]);
  assert.deepEqual([roomIn("#a&invite=b&invite=c"), tokenIn("#a&invite=b&invite=c")], ["a&invite=b", "c"]);
  assert.deepEqual([roomIn("#a&invite="), tokenIn("#a&invite=")], ["a&invite=", null]);
  assert.equal(tokenIn(`#a&invite=${"x".repeat(1025)}`), null);
});
