/**
 * A database of this browser (IndexedDB), which is opened when it is used first, and again after it was closed: by the
 * browser, or because a newer page wants it.
 *
 * Where a browser keeps nothing (a private window, a full disk, storage that is turned off), each use gives what the
 * caller names for that.
 */
export class Database {
  #name;
  #tables;
  /** @type {Promise<IDBDatabase | null> | null} */
  #opened = null;

  /**
   * @param {string} name
   * @param {Readonly<Record<string, string>>} tables  The field of each table's rows that is their key.
   */
  constructor(name, tables) {
    this.#name = name;
    this.#tables = tables;
  }

  /** Whether the browser keeps it. @returns {Promise<boolean>} */
  async isThere() {
    this.#opened ??= this.#open();
    return (await this.#opened) !== null;
  }

  /**
   * Does one thing with a table, and returns its result once it is done for good.
   *
   * @template Result
   * @template Otherwise
   * @param {string} table
   * @param {IDBTransactionMode} mode
   * @param {(table: IDBObjectStore) => IDBRequest<Result>} action
   * @param {Otherwise} otherwise  Where the browser fails.
   * @param {IDBTransactionOptions} [options]
   * @returns {Promise<Result | Otherwise>}
   */
  async do(table, mode, action, otherwise, options) {
    this.#opened ??= this.#open();
    const database = await this.#opened;
    if (database === null) return otherwise;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(table, mode, options);
        const request = action(transaction.objectStore(table));
        transaction.addEventListener("complete", () => resolve(request.result));
        transaction.addEventListener("abort", () => resolve(otherwise));
      } catch {
        this.#opened = null; // It was closed, or the row cannot be stored.
        resolve(otherwise);
      }
    });
  }

  /** @returns {Promise<IDBDatabase | null>} */
  #open() {
    const forget = () => {
      this.#opened = null;
    };
    return new Promise((resolve) => {
      try {
        const request = indexedDB.open(this.#name, 1);
        request.addEventListener("upgradeneeded", () => {
          for (const [table, keyPath] of Object.entries(this.#tables)) {
            request.result.createObjectStore(table, { keyPath });
          }
        });
        request.addEventListener("success", () => {
          const database = request.result;
          database.addEventListener("close", forget);
          database.addEventListener("versionchange", () => {
            database.close();
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
}
