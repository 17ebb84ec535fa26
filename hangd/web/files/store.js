/**
 * What this part of the page keeps, in IndexedDB: a few small tables whose rows have a time of their last use.
 *
 * Everything kept here is a convenience. Where a browser keeps nothing (a private window, a full disk, storage that is
 * turned off), reads find nothing and writes do nothing.
 */

/** @typedef {"handles" | "hashes"} TableName */
/**
 * @typedef {object} Row
 * @property {string} key
 * @property {number} usedAt  Milliseconds since 1970.
 */

const DATABASE = "hang-files";
const VERSION = 1;
const TABLES = /** @type {TableName[]} */ (["handles", "hashes"]);

/** @type {Promise<IDBDatabase | null> | null} */
let opened = null;

/**
 * Opens a table. Null: this browser keeps nothing.
 * @param {TableName} name
 * @returns {Promise<Store | null>}
 */
export async function openStore(name) {
  opened ??= open();
  const database = await opened;
  return database === null ? null : new Store(database, name);
}

class Store {
  /** @type {IDBDatabase} */
  #database;
  /** @type {TableName} */
  #name;

  /**
   * @param {IDBDatabase} database
   * @param {TableName} name
   */
  constructor(database, name) {
    this.#database = database;
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
    return new Promise((resolve) => {
      try {
        const transaction = this.#database.transaction(this.#name, mode);
        const request = action(transaction.objectStore(this.#name));
        transaction.addEventListener("complete", () => resolve(request.result));
        transaction.addEventListener("abort", () => resolve(otherwise));
      } catch {
        resolve(otherwise); // the database was closed, or the row cannot be stored
      }
    });
  }
}

/** @returns {Promise<IDBDatabase | null>} */
function open() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(DATABASE, VERSION);
      request.addEventListener("upgradeneeded", () => {
        for (const name of TABLES) {
          request.result.createObjectStore(name, { keyPath: "key" });
        }
      });
      request.addEventListener("success", () => {
        const database = request.result;
        database.addEventListener("close", forget);
        database.addEventListener("versionchange", () => {
          database.close(); // a newer page wants it
          forget();
        });
        resolve(database);
      });
      request.addEventListener("error", () => resolve(null));
      request.addEventListener("blocked", () => resolve(null));
    } catch {
      resolve(null);
    }
  });
}

function forget() {
  opened = null;
}
