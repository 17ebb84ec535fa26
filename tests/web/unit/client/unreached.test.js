/** What a page concludes from the answer to its question about the server's health. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { whyUnreached } from "../../../../hangd/web/client/unreached.js";
import { t } from "../../../../hangd/web/page/texts/texts.js";

/** @type {(response: import("node:http").ServerResponse) => void} */
let answer = () => {};
/** @type {string[]} */
const asked = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  answer(response);
});
let port = 0;

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const address = server.address();
  assert(address !== null && typeof address === "object");
  port = address.port;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

/**
 * @param {number} status
 * @param {string} body
 * @param {Record<string, string>} [fields]
 */
function answers(status, body, fields = {}) {
  answer = (response) => response.writeHead(status, fields).end(body);
}

const why = (path = "/ws") => whyUnreached(`ws://127.0.0.1:${port}${path}`);

test("the server is well: something keeps the WebSocket from it", async () => {
  answers(200, "ok\n");
  assert.equal(await why("/hang/ws"), t("link.blocked"));
  assert.equal(asked.at(-1), "/hang/healthz");
});

test("a login page, or the way to it", async () => {
  answers(200, "<html>Log in</html>", { "Content-Type": "text/html" });
  assert.equal(await why(), t("link.portal"));
  answers(302, "", { Location: "http://portal.example/" });
  assert.equal(await why(), t("link.portal"));
});

test("a proxy with nothing behind it", async () => {
  for (const status of [502, 503, 504]) {
    answers(status, "");
    assert.equal(await why(), t("link.behind"));
  }
});

test("something else, or nothing", async () => {
  answers(404, "");
  assert.equal(await why(), t("link.unreachable"));
  answer = (response) => response.destroy();
  assert.equal(await why(), t("link.unreachable"));
  assert.equal(await whyUnreached(`wss://127.0.0.1:${port}/ws`), t("link.untrusted"));
});
