/**
 * The logins that this browser keeps, one for each server, in IndexedDB: what one tab has written is what another tab
 * reads next. (Of `localStorage`, a tab may see an older state for a moment, and a refresh token that is used twice ends
 * the login.)
 *
 * Where a browser keeps nothing, a login lasts as long as the page.
 *
 * @typedef {object} Login
 * @property {string} server
 * @property {string} account
 * @property {string} access
 * @property {string} refresh
 * @property {number} madeAt  Milliseconds since 1970.
 * @property {number} seconds  For which `access` is good.
 */

import { Database } from "../../files/database.js";

const TABLE = "logins";
/** Milliseconds. Another tab may refresh for so long; one that does not end is not waited for. */
const LOCKED_FOR = 20_000;

export class Logins {
  #database = new Database("hang-logins", { [TABLE]: "server" });
  /** What could not be stored. @type {Map<string, Login>} */
  #memory = new Map();

  /**
   * @param {string} server
   * @returns {Promise<Login | null>}
   */
  async get(server) {
    const found = this.#memory.get(server) ?? (await this.#do("readonly", (table) => table.get(server)));
    return isLogin(found) ? found : null;
  }

  /** @param {Login} login */
  async put(login) {
    this.#memory.delete(login.server);
    const done = await this.#do("readwrite", (table) => table.put(login));
    if (done !== undefined) return;
    await this.delete(login.server); // What is there is used up: another tab must not use it again.
    this.#memory.set(login.server, login);
  }

  /** @param {string} server */
  async delete(server) {
    this.#memory.delete(server);
    await this.#do("readwrite", (table) => table.delete(server));
  }

  /**
   * Does something while no other tab of this browser does it. Rejects if another one does not come to an end.
   *
   * @template Result
   * @param {string} server
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  async alone(server, work) {
    const signal = AbortSignal.timeout(LOCKED_FOR);
    return navigator.locks.request(`hang.login ${server}`, { signal }, work);
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => IDBRequest} action
   * @returns {Promise<unknown>}  undefined: there is no such row, or the browser fails.
   */
  #do(mode, action) {
    return this.#database.do(TABLE, mode, action, undefined, { durability: "strict" });
  }
}

/**
 * @param {any} value  Whatever was stored.
 * @returns {value is Login}
 */
function isLogin(value) {
  return (
    [value?.server, value?.account, value?.access, value?.refresh].every((each) => typeof each === "string") &&
    [value.madeAt, value.seconds].every(Number.isFinite)
  );
}
