/** The SHA-256 of a whole film, made by a Worker so that the page and its film go on undisturbed. */

/**
 * What TypeScript's own types have not got.
 * @typedef {{createScriptURL: (url: string) => string}} ScriptPolicy
 * @typedef {{createPolicy: (name: string, rules: ScriptPolicy) => ScriptPolicy}} TrustedTypes
 */

const trustedTypes = /** @type {{trustedTypes?: TrustedTypes}} */ (/** @type {unknown} */ (globalThis)).trustedTypes;

/** The page's own headers have scripts loaded only from addresses that such a policy has let through. */
const policy = trustedTypes?.createPolicy("hang-hash-worker", { createScriptURL: (url) => url });

/**
 * Returns the SHA-256 of a file as 64 hex digits. Reads it in pieces of a few MiB.
 *
 * Rejects with `signal.reason` when it is aborted, and with an Error when the file cannot be read (any more): its
 * `message` is for a log.
 *
 * @param {Blob} file
 * @param {(share: number) => void} [onProgress]  The share that has been read, 0 to 1, some times a second at most.
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export function hashWhole(file, onProgress = () => {}, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const url = new URL("./hashing/hash_worker.js", import.meta.url).href;
    const worker = new Worker(policy?.createScriptURL(url) ?? url, { type: "module", name: "hash" });
    const abort = () => end(() => reject(signal?.reason));
    /** @param {() => void} settle */
    const end = (settle) => {
      worker.terminate();
      signal?.removeEventListener("abort", abort);
      settle();
    };
    signal?.addEventListener("abort", abort);
    worker.addEventListener("message", ({ data }) => {
      const told = /** @type {import("./hashing/hash_worker.js").Told} */ (data);
      if ("share" in told) {
        onProgress(told.share);
      } else if ("hash" in told) {
        end(() => resolve(told.hash));
      } else {
        end(() => reject(new Error(told.problem)));
      }
    });
    worker.addEventListener("error", (event) => end(() => reject(new Error(event.message || "the Worker failed"))));
    worker.postMessage(file);
  });
}
