/**
 * What this part of the page keeps, in IndexedDB: a few small tables whose rows have a time of their last use.
 *
 * Everything kept here is a convenience. Where a browser keeps nothing (a private window, a full disk, storage that is
 * turned off), reads find nothing and writes do nothing.
 */

import { Database } from "./database.js";

/** @typedef {"handles" | "hashes"} TableName */
/**
 * @typedef {object} Row
 * @property {string} key
 * @property {number} usedAt  Milliseconds since 1970.
 */

const files = new Database("hang-files", { handles: "key", hashes: "key" });

/**
 * Opens a table. Null: this browser keeps nothing.
 * @param {TableName} name
 * @returns {Promise<Store | null>}
 */
export async function openStore(name) {
  return (await files.isThere()) ? new Store(name) : null;
}

class Store {
  /** @type {TableName} */
  #name;

  /** @param {TableName} name */
  constructor(name) {
    this.#name = name;
  }

  /**
   * @param {string} key
   * @returns {Promise<Row | undefined>} Undefined: there is none.
   */
  get(key) {
    return this.#do("readonly", (table) => table.get(key), undefined);
  }

  /** @returns {Promise<Row[]>} */
  all() {
    return this.#do("readonly", (table) => table.getAll(), []);
  }

  /** @param {Row} row */
  async put(row) {
    await this.#do("readwrite", (table) => table.put(row), row.key);
  }

  /** @param {string} key */
  async delete(key) {
    await this.#do("readwrite", (table) => table.delete(key), undefined);
  }

  /**
   * Deletes the rows that were used longest ago, until this many are left.
   * @param {number} kept
   */
  async evict(kept) {
    if ((await this.#do("readonly", (table) => table.count(), 0)) <= kept) {
      return;
    }
    const rows = await this.all();
    rows.sort((a, b) => b.usedAt - a.usedAt);
    for (const row of rows.slice(kept)) {
      await this.delete(row.key);
    }
  }

  /**
   * @template Result
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => IDBRequest<Result>} action
   * @param {Result} otherwise  Where the browser fails.
   * @returns {Promise<Result>}
   */
  #do(mode, action, otherwise) {
    return files.do(this.#name, mode, action, otherwise);
  }
}
