/**
 * Who this browser is to its server: its device, the account that is logged in, and the server's own password.
 *
 * Theory of operation. `greeting` is what Hello tells. An access token is good for some minutes, so a Hello often has
 * none that is; then the login is renewed as soon as the server has answered, and `settled` waits for it: what a room
 * may grant only to an account is asked afterwards. While the connection is up the login is renewed at 80 % of the
 * token's life.
 *
 * All tabs of a browser have one login. A refresh token that is used twice ends it, so one tab at a time renews it, and
 * reads first what another one has written meanwhile. An answer that is lost costs nothing: the old token is used again.
 *
 * @typedef {import("../base.js").Outcome} Outcome
 * @typedef {import("../connection.js").Connection} Connection
 * @typedef {import("../../protocol/types.js").Tokens} Tokens
 * @typedef {import("../../protocol/types.js").ClientMessage} ClientMessage
 * @typedef {import("./logins.js").Login} Login
 *
 * @typedef {object} Greeting  What Hello tells of this browser.
 * @property {string | null} device
 * @property {string | null} token
 * @property {string | null} password  Of the server itself.
 *
 * @typedef {object} AccountParts
 * @property {Connection} connection
 * @property {import("../kept.js").Kept} kept
 * @property {import("../changes.js").Changes} changes
 * @property {(notice: import("../base.js").Notice) => void} tell
 * @property {() => string} server  The URL of the server beside the page. A connection that is given up has none.
 * @property {() => Promise<Outcome>} reach  Connects to it.
 * @property {import("./logins.js").Logins | null} logins  null: this browser gives none to a page like this.
 */

import { LinkState } from "../../engine/link/link.js";
import { t } from "../../page/texts/texts.js";
import { REFUSED, saidOr, UNAUTHORIZED } from "../refusals.js";
import { deviceAt } from "./device.js";

const CHANNEL = "hang.logins";
/** Of its life, after which an access token is renewed. */
const RENEWED_AT = 0.8;
/** Milliseconds: a token that ends so soon is as one that has ended. */
const MARGIN = 5_000;
/** Milliseconds until a renewal that failed for now is tried again. */
const AGAIN_AFTER = 20_000;
/** Milliseconds within which a browser reads what it keeps. */
const READ_WITHIN = 2_000;
/** Refusals after which a login is no more. */
const ENDED = ["Unauthorized", "Banned", "InvalidMessage"];

export class Account {
  #parts;
  /** The login that this tab knows. @type {Login | null} */
  #login = null;
  /** @type {Promise<void>} */
  #settling = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);

  /** The account of this connection, or of the last one. @type {string | null} */
  name = null;

  /** @param {AccountParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#channel?.addEventListener("message", ({ data }) => {
      const { connection, server } = this.#parts;
      if (data?.server === server() && connection.isUp) this.#changedElsewhere();
    });
  }

  /** Whether this page may log in: a password must not go over a connection that others can read. */
  get mayLogIn() {
    return this.#parts.logins !== null;
  }

  /** Whether the server grants this connection nothing before somebody logs in. */
  get isLacking() {
    return this.#parts.connection.welcome?.needs_account === true && this.name === null;
  }

  /** Hears no longer of other tabs, and renews nothing. */
  close() {
    clearTimeout(this.#timer);
    this.#channel?.close();
  }

  // ---- what the connection asks and tells ---------------------------------------------------------------------------

  /**
   * @param {string} url
   * @returns {Promise<Greeting>}
   */
  async greeting(url) {
    const { kept, logins } = this.#parts;
    const reading = logins === null ? Promise.resolve(null) : logins.get(url).catch(() => null);
    const found = await soon(reading);
    this.#login = found ?? null;
    if (found === undefined) void reading.then((login) => login !== null && this.#cameLate(url, login));
    const device = await deviceAt(url, kept).catch(() => null);
    const token = this.#login !== null && isGood(this.#login) ? this.#login.access : null;
    return { device, token, password: kept.setting(`server-password ${url}`, "") || null };
  }

  /** @param {import("../../protocol/types.js").Welcome} welcome */
  welcomed({ account }) {
    this.name = account;
    if (account === null && this.#login !== null) this.#settling = this.#renew();
    else this.#renewLater();
  }

  /** @param {import("../../engine/link/link.js").State} state */
  linkChanged(state) {
    if (state === LinkState.UP) return;
    clearTimeout(this.#timer);
    const { connection } = this.#parts;
    if (state === LinkState.DOWN && connection.closedWith === UNAUTHORIZED && this.name !== null) {
      this.name = null;
      void this.#forget(this.#login);
    }
  }

  /** Waits until it is known who this connection is. @returns {Promise<void>} */
  settled() {
    return this.#settling;
  }

  // ---- what the viewer asks -----------------------------------------------------------------------------------------

  /**
   * Logs in, by name and password, or by a code that another device shows.
   *
   * @param {{name: string, password: string} | {code: string}} by
   * @returns {Promise<Outcome>}
   */
  logIn(by) {
    return this.#enter("code" in by ? { type: "LoginByCode", payload: by } : { type: "Login", payload: by });
  }

  /**
   * Makes an account, and logs in.
   *
   * @param {string} name
   * @param {string} password
   * @param {string | null} invite  What the admin gave out.
   */
  register(name, password, invite) {
    return this.#enter({ type: "Register", payload: { name, password, invite } });
  }

  /**
   * Logs out. What this browser keeps of the login is forgotten, also where the server cannot be told.
   *
   * @param {boolean} everywhere  On all devices.
   * @returns {Promise<Outcome>}
   */
  async logOut(everywhere) {
    const { connection, reach } = this.#parts;
    const up = await reach();
    await this.#settling;
    const refresh = this.name === null ? (this.#login?.refresh ?? null) : null;
    const answer = up.ok ? await connection.request({ type: "Logout", payload: { refresh, everywhere } }) : null;
    this.name = null;
    await this.#forget(null);
    if (answer === null || (!answer.ok && !ENDED.includes(answer.code))) {
      return { ok: false, code: "NotConnected", text: t("account.untold") };
    }
    return { ok: true };
  }

  /**
   * Connects with the server's own password, and keeps it. A wrong one is forgotten: each time it is told, the server
   * counts a guess.
   *
   * @param {string} password
   * @returns {Promise<Outcome>}
   */
  async givePassword(password) {
    const { connection, kept, reach, server } = this.#parts;
    const setting = `server-password ${server()}`;
    kept.keepSetting(setting, password);
    const outcome = await reach();
    if (outcome.ok || connection.closedWith !== REFUSED || !connection.needsPassword) return outcome;
    kept.keepSetting(setting, "");
    return { ok: false, code: "Unauthorized", text: t("error.ServerPassword") };
  }

  // ---- how it is done -----------------------------------------------------------------------------------------------

  /**
   * A busy browser has read a login only after a Hello had to be said without it.
   *
   * @param {string} url
   * @param {Login} login
   */
  #cameLate(url, login) {
    const { connection } = this.#parts;
    if (connection.url !== url || this.#login !== null || this.name !== null) return;
    if (connection.isUp) this.#settling = this.#renew();
    else this.#login = login; // The Welcome that is still to come lets it be renewed.
  }

  /**
   * @param {ClientMessage} message  Its answer is Tokens.
   * @returns {Promise<Outcome>}
   */
  async #enter(message) {
    const { connection, logins, reach, server } = this.#parts;
    if (logins === null) return { ok: false, code: "Insecure", text: t("account.insecure") };
    const up = await reach();
    if (!up.ok) return up;
    const answer = await connection.request(message);
    if (!answer.ok) return { ok: false, code: answer.code, text: saidOr(answer.said, answer.code) };
    if (answer.message.type !== "Tokens") return { ok: false, code: "Internal", text: t("error.Internal") };
    const url = server();
    const tokens = answer.message.payload;
    await this.#alone(url, () => this.#take(url, tokens));
    this.#channel?.postMessage({ server: url });
    return { ok: true };
  }

  /** Has good tokens again, and makes this connection the account's. */
  async #renew() {
    const { changes, server } = this.#parts;
    const url = server();
    await this.#alone(url, () => this.#renewAlone(url));
    changes.announce();
  }

  /** @param {string} url */
  async #renewAlone(url) {
    const { connection, logins } = this.#parts;
    const login = (await logins?.get(url)) ?? null;
    if (login === null) {
      this.#login = null; // Another tab has logged out: the server ends this connection, if it was the account's.
      return;
    }
    if (login.refresh !== this.#login?.refresh && isGood(login)) {
      this.#login = login;
      if (this.name === login.account) return this.#renewLater();
      const { access: token } = login;
      const answer = await connection.request({ type: "Authenticate", payload: { token } });
      if (answer.ok) {
        this.name = login.account;
        return this.#renewLater();
      }
      if (answer.code !== "Unauthorized") return this.#renewLater(AGAIN_AFTER);
    }
    const answer = await connection.request({ type: "Refresh", payload: { refresh: login.refresh } });
    if (answer.ok) {
      if (answer.message.type === "Tokens") await this.#take(url, answer.message.payload);
    } else if (ENDED.includes(answer.code)) {
      this.name = null;
      this.#login = null;
      await logins?.delete(url);
      const why = saidOr(answer.said, answer.code);
      this.#parts.tell({ kind: "problem", text: t("account.ended", { why }), about: null });
    } else if (answer.code !== "Forbidden") {
      this.#renewLater(AGAIN_AFTER); // A server that has no accounts now may have them again at another visit.
    }
  }

  /**
   * @param {string} server
   * @param {Tokens} tokens
   */
  async #take(server, { account, access, refresh, expires_in: seconds }) {
    this.#login = { server, account, access, refresh, madeAt: Date.now(), seconds };
    this.name = account;
    await this.#parts.logins?.put(this.#login);
    this.#renewLater();
    this.#parts.changes.announce();
  }

  /** @param {number} [wait]  Milliseconds. */
  #renewLater(wait) {
    clearTimeout(this.#timer);
    const login = this.#login;
    if (login === null) return;
    const due = login.madeAt + login.seconds * 1000 * RENEWED_AT - Date.now();
    this.#timer = setTimeout(
      () => {
        if (this.#parts.connection.isUp) this.#settling = this.#renew();
      },
      wait ?? Math.min(Math.max(due, MARGIN), 2 ** 31 - 1),
    );
  }

  /** Another tab has logged in, or out. */
  #changedElsewhere() {
    this.#settling = this.#renew().then(() => {
      if (this.#login === null) this.name = null;
      this.#parts.changes.announce();
    });
  }

  /** @param {Login | null} only  Forget no other login than this one; null: any. */
  async #forget(only) {
    const { logins, changes, server } = this.#parts;
    clearTimeout(this.#timer);
    this.#login = null;
    if (logins === null) return;
    const url = server();
    await this.#alone(url, async () => {
      if (only === null || (await logins.get(url))?.refresh === only.refresh) await logins.delete(url);
    });
    if (only === null) this.#channel?.postMessage({ server: url });
    changes.announce();
  }

  /**
   * @param {string} url
   * @param {() => Promise<void>} work
   */
  async #alone(url, work) {
    try {
      await this.#parts.logins?.alone(url, work);
    } catch (error) {
      console.warn("the login is in use by another tab", error);
      if (this.#parts.connection.isUp) this.#renewLater(AGAIN_AFTER);
    }
  }
}

/** @param {Login} login */
function isGood({ madeAt, seconds }) {
  const age = Date.now() - madeAt;
  return age >= -MARGIN && age + MARGIN < seconds * 1000;
}

/**
 * Waits for what is read, but not for a browser that does not answer.
 *
 * @template T
 * @param {Promise<T | null>} reading
 * @returns {Promise<T | null | undefined>}  undefined: it has not answered so far.
 */
function soon(reading) {
  return Promise.race([
    reading,
    new Promise((/** @type {(nothing: undefined) => void} */ done) => setTimeout(done, READ_WITHIN, undefined)),
  ]);
}
