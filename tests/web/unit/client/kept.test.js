import assert from "node:assert/strict";
import { test } from "node:test";
import { Kept } from "../../../../hangd/web/client/kept.js";

/** A Storage that forgets nothing, takes nothing more from `full` on, or is forbidden. */
class Store {
  /** @type {Map<string, string>} */
  values = new Map();
  isFull = false;
  isForbidden = false;

  get length() {
    return this.values.size;
  }

  /** @param {number} at */
  key(at) {
    return [...this.values.keys()][at] ?? null;
  }

  clear() {
    this.values.clear();
  }

  /** @param {string} name */
  getItem(name) {
    if (this.isForbidden) throw new DOMException("forbidden", "SecurityError");
    return this.values.get(name) ?? null;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setItem(name, value) {
    if (this.isFull) throw new DOMException("full", "QuotaExceededError");
    this.values.set(name, value);
  }

  /** @param {string} name */
  removeItem(name) {
    this.values.delete(name);
  }
}

/** @param {string} id */
const keys = (id, name = /** @type {string | null} */ (null)) => {
  return { server: "wss://h/ws", room_id: id, name, host_secret: null, return_secret: `secret of ${id}` };
};
const PLACE = { server: "wss://h/ws", room_id: "1", name: null, password: null, client_id: "c", secret: "s" };

test("settings are there at the next visit, and only of their own type", () => {
  const [lasting, ofTab] = [new Store(), new Store()];
  new Kept(lasting, ofTab).keepSetting("name", "ada");
  const next = new Kept(lasting, ofTab);
  assert.equal(next.setting("name", ""), "ada");
  assert.equal(next.setting("name", 3), 3);
  assert.equal(next.setting("other", true), true);
});

for (const how of ["absent", "full", "forbidden"]) {
  test(`where storage is ${how}, what is kept lasts as long as the page`, () => {
    const store = new Store();
    store.isFull = how === "full";
    store.isForbidden = how === "forbidden";
    if (how === "forbidden") store.isFull = true;
    const kept = how === "absent" ? new Kept(null, null) : new Kept(store, store);
    kept.keepSetting("name", "ada");
    kept.keepKeys(keys("1"));
    kept.keepPlace(PLACE);
    assert.equal(kept.setting("name", ""), "ada");
    assert.equal(kept.keys("wss://h/ws", "1")?.return_secret, "secret of 1");
    assert.deepEqual(kept.takePlace(), PLACE);
    assert.equal(kept.takePlace(), null);
  });
}

test("a room is known by its id, and by the name that was used last", () => {
  const kept = new Kept(new Store(), null);
  kept.keepKeys(keys("1", "friday"));
  kept.keepKeys(keys("2", "Friday"));
  assert.equal(kept.keys("wss://h/ws", "1")?.room_id, "1");
  assert.equal(kept.keys("wss://h/ws", "FRIDAY")?.room_id, "2");
  assert.equal(kept.keys("wss://other/ws", "1"), null);
  kept.keepKeys(keys("1", "friday"));
  assert.equal(kept.keys("wss://h/ws", "friday")?.room_id, "1");
});

test("the rooms of the longest time ago are forgotten", () => {
  const kept = new Kept(new Store(), null);
  for (let n = 0; n < 70; n++) kept.keepKeys(keys(String(n)));
  assert.equal(kept.keys("wss://h/ws", "5"), null);
  assert.equal(kept.keys("wss://h/ws", "6")?.room_id, "6");
});

test("what another version or a stranger wrote is not believed", () => {
  for (const text of ["", "{", "3", "null", '{"server": 1}', '[{"server": "wss://h/ws"}, 4, null]']) {
    const store = new Store();
    store.setItem("hang.rooms", text);
    store.setItem("hang.place", text);
    const kept = new Kept(store, store);
    assert.equal(kept.keys("wss://h/ws", "1"), null);
    assert.equal(kept.takePlace(), null);
  }
});
