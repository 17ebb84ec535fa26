import assert from "node:assert/strict";
import { test } from "node:test";
import { OtherTabs } from "../../../../hangd/web/client/room/other_tabs.js";

/** A tab of the one browser that node is here. */
class Tab {
  /** @type {import("../../../../hangd/web/client/room/other_tabs.js").Where | null} */
  where = null;
  tabs = new OtherTabs(() => this.where);
}

test("a tab hears of another one in the same room, by name and id, and of no other", async () => {
  const [first, second] = [new Tab(), new Tab()];
  first.where = { server: "ws://h:1/ws", room_id: "r1", name: "Café Night" };
  second.where = { server: "ws://h:1/ws", room_id: "r2", name: null };
  assert.equal(await second.tabs.areIn("ws://h:1/ws", "café night"), true);
  assert.equal(await second.tabs.areIn("ws://h:1/ws", "r1"), true);
  assert.equal(await second.tabs.areIn("ws://h:1/ws", "r2"), false, "it is there itself");
  assert.equal(await second.tabs.areIn("ws://h:2/ws", "r1"), false, "another server");
  first.where = null;
  assert.equal(await second.tabs.areIn("ws://h:1/ws", "r1"), false, "the first tab has left");
  first.tabs.close();
  second.tabs.close();
});
