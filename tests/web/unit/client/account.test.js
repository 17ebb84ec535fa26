import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Kept } from "../../../../hangd/web/client/kept.js";
import { Account } from "../../../../hangd/web/client/trust/account.js";
import { LinkState } from "../../../../hangd/web/engine/link/link.js";
import { clientOf, Server, until } from "./whole_client.js";

const URL = "wss://films.example.org/ws";
const LIFE = 900;

/** A server's logins as the protocol has them: a refresh token that is used after its successor ends the login. */
class Logins {
  #made = 0;
  /** @type {Map<string, {family: number, step: number, until: number}>} */
  #tokens = new Map();
  /** The newest step of each family of which something was used. @type {Map<number, number>} */
  #used = new Map();
  /** @type {Set<number>} */
  ended = new Set();
  /** How many times each request came. @type {Record<string, number>} */
  asked = {};

  /** @param {number} [family] */
  tokens(family = this.#made + 1) {
    const step = ++this.#made;
    const [access, refresh] = [`a${step}`, `refresh-token-${step}`];
    this.#tokens.set(access, { family, step, until: Date.now() + LIFE * 1000 });
    this.#tokens.set(refresh, { family, step, until: Number.POSITIVE_INFINITY });
    return { account: "ada", access, refresh, expires_in: LIFE };
  }

  /**
   * @param {string | null} text
   * @returns {number | null}  The family that it belongs to; null: it is good no more.
   */
  use(text) {
    const token = this.#tokens.get(text ?? "");
    if (token === undefined || token.until < Date.now() || this.ended.has(token.family)) return null;
    if (token.step < (this.#used.get(token.family) ?? 0)) {
      if (text?.startsWith("refresh")) this.ended.add(token.family);
      return null;
    }
    this.#used.set(token.family, token.step);
    return token.family;
  }

  /**
   * @param {{type: string, payload: any}} message
   * @returns {import("../../../../hangd/web/client/connection.js").Answer}
   */
  answer({ type, payload }) {
    this.asked[type] = (this.asked[type] ?? 0) + 1;
    const no = { ok: /** @type {const} */ (false), code: "Unauthorized", retry: false, said: "that login has ended" };
    const yes = (/** @type {any} */ message) => ({ ok: /** @type {const} */ (true), message });
    if (type === "Login") return payload.password === "right" ? yes({ type: "Tokens", payload: this.tokens() }) : no;
    if (type === "Authenticate") return this.use(payload.token) === null ? no : yes({ type: "Authenticated" });
    if (type === "Logout") return yes({ type: "Done" });
    const family = this.use(payload.refresh);
    return family === null ? no : yes({ type: "Tokens", payload: this.tokens(family) });
  }
}

/** What the tabs of one browser keep together. */
class Browser {
  kept = new Kept(null, null);
  /** @type {Map<string, any>} */
  #rows = new Map();
  #queue = Promise.resolve();
  get = async (/** @type {string} */ server) => structuredClone(this.#rows.get(server) ?? null);
  put = async (/** @type {any} */ login) => void this.#rows.set(login.server, structuredClone(login));
  delete = async (/** @type {string} */ server) => void this.#rows.delete(server);

  /**
   * @template T
   * @param {string} _server
   * @param {() => Promise<T>} work
   */
  alone(_server, work) {
    const done = this.#queue.then(work);
    this.#queue = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

class Tab {
  isUp = false;
  url = URL;
  /** @type {number | null} */
  closedWith = null;
  /** @type {string[]} */
  told = [];

  /**
   * @param {Logins} server
   * @param {Browser} browser
   * @param {() => "ok" | "unsent" | "lost"} luck  What becomes of the next request.
   */
  constructor(server, browser, luck = () => "ok") {
    this.server = server;
    this.luck = luck;
    /** @type {any} */
    const parts = {
      connection: this,
      kept: browser.kept,
      changes: { announce() {} },
      tell: (/** @type {{text: string}} */ notice) => this.told.push(notice.text),
      server: () => URL,
      reach: async () => (this.isUp ? { ok: true } : { ok: false, code: "NotConnected", text: "" }),
      logins: browser,
    };
    this.account = new Account(parts);
  }

  /** @param {{type: string, payload: any}} message */
  async request(message) {
    const luck = this.isUp ? this.luck() : "unsent";
    const answer = luck === "unsent" ? null : this.server.answer(message);
    await null;
    if (answer !== null && luck === "ok") return answer;
    this.break();
    return { ok: false, code: "NotConnected", retry: true, said: null };
  }

  async connect() {
    const greeting = await this.account.greeting(URL);
    const isKnown = greeting.token !== null && this.server.use(greeting.token) !== null;
    this.isUp = true;
    this.account.linkChanged(LinkState.UP);
    this.account.welcomed(/** @type {any} */ ({ account: isKnown ? "ada" : null }));
    await this.account.settled();
    return greeting;
  }

  break() {
    this.isUp = false;
    this.account.linkChanged(LinkState.WAITING);
  }

  close() {
    this.break();
    this.account.close();
  }
}

/** @param {number} seconds */
const passes = (seconds) => mock.timers.tick(seconds * 1000);
const settle = () => new Promise((done) => setImmediate(done));

/** @param {() => Promise<void>} story */
function timed(story) {
  return async () => {
    const apis = ["setTimeout", "Date"];
    mock.timers.enable(/** @type {any} */ ({ apis, now: 1e12 })); // The types are of an older version.
    try {
      await story();
    } finally {
      mock.timers.reset();
    }
  };
}

/** Opens a tab that is connected and logged in, at a server and in a browser of its own. */
async function loggedIn() {
  const [server, browser] = [new Logins(), new Browser()];
  const tab = new Tab(server, browser);
  await tab.connect();
  await tab.account.logIn({ name: "ada", password: "right" });
  return { server, browser, tab };
}

test(
  "who has logged in is known at the next visit, and is renewed in time",
  timed(async () => {
    const [server, browser] = [new Logins(), new Browser()];
    const tab = new Tab(server, browser);
    assert.equal((await tab.connect()).token, null);
    assert.equal((await tab.account.logIn({ name: "ada", password: "wrong" })).ok, false);
    assert.deepEqual(await tab.account.logIn({ name: "ada", password: "right" }), { ok: true });
    assert.equal(tab.account.name, "ada");
    passes(0.81 * LIFE);
    await settle();
    assert.equal(server.asked.Refresh, 1);
    tab.close();

    const next = new Tab(server, browser);
    assert.match((await next.connect()).token ?? "", /^a/);
    assert.equal(next.account.name, "ada");
    next.close();
    passes(3 * LIFE);
    const later = new Tab(server, browser);
    assert.equal((await later.connect()).token, null, "it has expired");
    assert.equal(later.account.name, "ada", "and was renewed before anything else is asked");
    assert.deepEqual(later.told, []);
    later.close();
  }),
);

test(
  "a login that a busy browser reads late is known all the same",
  timed(async () => {
    const { server, browser, tab } = await loggedIn();
    tab.close();
    const { get } = browser;
    for (const isBeforeWelcome of [false, true]) {
      const late = new Tab(server, browser);
      /** @type {(login: Promise<any>) => void} */
      let read = () => undefined;
      browser.get = () =>
        new Promise((done) => {
          read = done;
        });
      if (isBeforeWelcome) {
        const greeting = late.account.greeting(URL);
        passes(3);
        await greeting;
        browser.get = get;
        read(get(URL));
        await settle();
        late.isUp = true;
        late.account.welcomed(/** @type {any} */ ({ account: null }));
      } else {
        const connected = late.connect();
        passes(3);
        assert.equal((await connected).token, null);
        assert.equal(late.account.name, null);
        browser.get = get;
        read(get(URL));
      }
      await settle();
      late.close();
      assert.deepEqual([late.account.name, late.told], ["ada", []]);
    }
    assert.equal(server.ended.size, 0);
  }),
);

test(
  "two tabs renew a login once",
  timed(async () => {
    const [server, browser] = [new Logins(), new Browser()];
    const tabs = [new Tab(server, browser), new Tab(server, browser)];
    await tabs[0].connect();
    await tabs[0].account.logIn({ name: "ada", password: "right" });
    await tabs[1].connect();
    passes(0.85 * LIFE);
    await settle();
    assert.equal(server.asked.Refresh, 1);
    passes(5 * LIFE);
    for (const tab of tabs) tab.break();
    await Promise.all(tabs.map((tab) => tab.connect()));
    assert.deepEqual(
      tabs.map((tab) => tab.account.name),
      ["ada", "ada"],
    );
    for (const tab of tabs) tab.close();
  }),
);

test(
  "a login that the server has ended is forgotten, and that is told once",
  timed(async () => {
    const { server, tab } = await loggedIn();
    server.ended.add(1);
    tab.break();
    await tab.connect();
    assert.equal(tab.account.name, null);
    assert.deepEqual(tab.told, ["You are not logged in any more: That login has ended."]);
    tab.break();
    await tab.connect();
    assert.equal(tab.told.length, 1);
    tab.close();
  }),
);

test(
  "a server that has no accounts for now ends no login",
  timed(async () => {
    const { server, tab } = await loggedIn();
    tab.break();
    passes(2 * LIFE);
    const { answer } = server;
    server.answer = () => ({ ok: false, code: "Forbidden", retry: false, said: "this server has no accounts" });
    await tab.connect();
    assert.deepEqual([tab.account.name, tab.told], [null, []]);
    server.answer = answer;
    tab.break();
    await tab.connect();
    assert.equal(tab.account.name, "ada");
    tab.close();
  }),
);

test(
  "a connection that is closed for want of a login ends it here, too",
  timed(async () => {
    const { browser, tab } = await loggedIn();
    tab.isUp = false;
    tab.closedWith = 4501;
    tab.account.linkChanged(LinkState.DOWN);
    await settle();
    assert.equal(tab.account.name, null);
    assert.equal(await browser.get(URL), null);
    tab.close();
  }),
);

test(
  "logging out forgets the login, also where the server cannot be told",
  timed(async () => {
    const { browser, tab } = await loggedIn();
    assert.deepEqual(await tab.account.logOut(false), { ok: true });
    assert.equal(await browser.get(URL), null);
    await tab.account.logIn({ name: "ada", password: "right" });
    tab.break();
    assert.equal((await tab.account.logOut(true)).ok, false);
    assert.equal(await browser.get(URL), null);
    assert.equal(tab.account.name, null);
    tab.close();
  }),
);

for (const isGivenUp of [false, true]) {
  test(`logging out without a connection forgets the login, ${isGivenUp ? "also if it is wanted no more" : "in no room"}`, async () => {
    const [server, browser] = [new Server(), new Browser()];
    await browser.put({ server: URL, account: "ada", access: "a", refresh: "r", madeAt: Date.now(), seconds: LIFE });
    server.welcome = { account: "ada" };
    const { account, connection, entering, close } = clientOf(server, browser);
    assert.deepEqual(await entering.connected(), { ok: true });
    assert.equal(account.name, "ada");
    server.isThere = false;
    server.breaksOff();
    if (isGivenUp) assert.equal((await entering.connected()).ok, false);
    assert.equal(connection.url, isGivenUp ? null : URL);
    const outcome = await account.logOut(false);
    assert.equal(!outcome.ok && outcome.code, "NotConnected");
    assert.equal(await browser.get(URL), null);
    assert.equal(account.name, null);
    close();
  });
}

test("a server's password that is given without a connection is told with the next one", async () => {
  const server = new Server();
  const { account, connection, entering, kept, close } = clientOf(server);
  server.isThere = false;
  await entering.connected();
  assert.equal(connection.url, null);
  assert.equal((await account.givePassword("open sesame")).ok, false);
  assert.equal(kept.setting(`server-password ${URL}`, ""), "open sesame");
  await until(() => connection.state === LinkState.DOWN);
  close();
});

test(
  "no story of lost answers, broken connections and tabs ends a login",
  timed(async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = randomOf(seed);
      const luck = () => /** @type {const} */ (["ok", "ok", "unsent", "lost"])[Math.floor(random() * 4)];
      const [server, browser] = [new Logins(), new Browser()];
      const tabs = [0, 1, 2].map(() => new Tab(server, browser));
      await tabs[0].connect();
      await tabs[0].account.logIn({ name: "ada", password: "right" });
      for (const tab of tabs) tab.luck = luck;
      for (let step = 0; step < 40; step += 1) {
        const tab = tabs[Math.floor(random() * tabs.length)];
        const what = random();
        if (what < 0.3) passes(random() * 2 * LIFE);
        else if (what < 0.5) tab.break();
        else if (!tab.isUp) void tab.connect();
        if (random() < 0.5) await settle();
      }
      await settle();
      for (const tab of tabs) {
        tab.luck = () => "ok";
        tab.break();
        await tab.connect();
      }
      assert.deepEqual([seed, ...tabs.map((tab) => tab.account.name)], [seed, "ada", "ada", "ada"]);
      assert.equal(server.ended.size, 0);
      for (const tab of tabs) tab.close();
    }
  }),
);

/** @param {number} seed */
function randomOf(seed) {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}
