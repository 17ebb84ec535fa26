import assert from "node:assert/strict";
import { test } from "node:test";
import { Entering } from "../../../../hangd/web/client/entering.js";

/**
 * @param {number} pages  How many the server has.
 * @returns {{list: () => Promise<any>, asked: any[]}}
 */
function listing(pages) {
  /** @type {any[]} */
  const asked = [];
  const connection = {
    request(/** @type {any} */ { type, payload }) {
      assert.equal(type, "ListRooms");
      asked.push(payload);
      const page = payload.after === undefined ? 1 : Number(payload.after) + 1;
      if (page > pages) return { ok: false, code: "Forbidden", retry: false, said: "no" };
      const rooms = [{ room_id: `room ${page}` }];
      return { ok: true, message: { type: "Rooms", payload: { rooms, next: page === pages ? null : `${page}` } } };
    },
  };
  const entering = new Entering(/** @type {any} */ ({ connection }));
  return { list: () => entering.list(), asked };
}

test("all pages of the server's rooms are asked for, one after the other", async () => {
  const { list, asked } = listing(3);
  assert.deepEqual(await list(), [{ room_id: "room 1" }, { room_id: "room 2" }, { room_id: "room 3" }]);
  assert.deepEqual(asked, [{}, { after: "1" }, { after: "2" }]);
});

test("a server that does not tell has no rooms, and one without an end is not asked for ever", async () => {
  assert.equal(await listing(0).list(), null);
  const { list, asked } = listing(1e9);
  assert.equal((await list()).length, 50);
  assert.equal(asked.length, 50);
});
