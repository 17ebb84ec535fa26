/** Invitations by push: this browser's subscription, and the server's knowledge of it. docs/push.md describes them. */

import { t } from "../page/texts/texts.js";
import { decoded, encoded } from "../protocol/base64url.js";

/** @typedef {import("../client/base.js").SessionPort} SessionPort */
/** @typedef {import("./base.js").PushState} PushState */

const KEPT = "hang.push";
const SECRET_BYTES = 24;
/** A browser may wait for its push service without an end. */
const SUBSCRIBE_MS = 30_000;

/** Under which name this browser is invited, and what proves that the name is its own. */
export class Push {
  /**
   * @param {SessionPort} session
   * @param {Promise<ServiceWorkerRegistration | null>} registration
   * @param {() => void} changed
   */
  constructor(session, registration, changed) {
    this.session = session;
    this.registration = registration;
    this.changed = changed;
    this.isSupported = "PushManager" in globalThis && "Notification" in globalThis;
    this.isBusy = false;
    this.wasUp = false;
    /** @type {string | null} */
    this.problem = null;
    this.kept = readKept();
  }

  /** @returns {PushState} */
  get state() {
    return { phase: this.phase(), name: this.kept?.name ?? null, problem: this.problem };
  }

  phase() {
    if (!this.isSupported || this.session.state.pushKey === null) return "missing";
    if (this.isBusy) return "busy";
    if (Notification.permission === "denied") return "blocked";
    return this.kept !== null && Notification.permission === "granted" ? "on" : "off";
  }

  /** Tell the server after each connecting that this browser is still there: it may have another address by now. */
  sessionChanged() {
    const isUp = this.session.state.link.phase === "up" && this.session.state.pushKey !== null;
    if (isUp && !this.wasUp && this.kept !== null && this.phase() === "on") this.subscribe(this.kept.name);
    this.wasUp = isUp;
  }

  /**
   * Ask the viewer for notifications, the browser for an address, and the server to invite it under this name.
   * @param {string} name
   */
  async subscribe(name) {
    await this.change(async () => {
      const secret = this.kept?.secret ?? newSecret();
      if ((await Notification.requestPermission()) !== "granted") return t("app.push_denied");
      const subscription = await this.subscription();
      const { endpoint, keys } = subscription.toJSON();
      const outcome = await this.session.ask("PushSubscribe", { name, endpoint, keys, secret });
      if (!outcome.ok) {
        // The server has lost its subscriptions, and somebody else was first.
        if (outcome.code === "NameTaken" && this.kept?.name === name) this.keep(null);
        return outcome.text;
      }
      this.keep({ name, secret });
      return null;
    });
  }

  /** Be invited no more. The browser's own subscription ends too, so nobody can send to it. */
  async unsubscribe() {
    await this.change(async () => {
      const kept = this.kept;
      this.keep(null);
      const registration = await this.registration;
      await (await registration?.pushManager.getSubscription())?.unsubscribe();
      if (kept === null) return null;
      const outcome = await this.session.ask("PushUnsubscribe", { name: kept.name, secret: kept.secret });
      return outcome.ok ? null : outcome.text;
    });
  }

  /** @returns {Promise<PushSubscription>} */
  async subscription() {
    const registration = await this.registration;
    if (registration === null || this.session.state.pushKey === null) throw new Error("there is no push here");
    const key = decoded(this.session.state.pushKey);
    const manager = registration.pushManager;
    const old = await manager.getSubscription();
    // One that was made for another key of the server is of no use, and one whose secret is lost is refused.
    const isUsable = this.kept !== null && isSame(old?.options.applicationServerKey ?? null, key);
    if (old !== null && !isUsable) await old.unsubscribe();
    const made = manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    return Promise.race([made, timeout(SUBSCRIBE_MS)]);
  }

  /** @param {() => Promise<string | null>} work  Returns a problem. */
  async change(work) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = null;
    this.changed();
    try {
      this.problem = await work();
    } catch (error) {
      console.warn("push:", error);
      this.problem = t("app.push_failed");
    }
    this.isBusy = false;
    this.changed();
  }

  /** @param {{name: string, secret: string} | null} kept */
  keep(kept) {
    this.kept = kept;
    try {
      if (kept === null) localStorage.removeItem(KEPT);
      else localStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // A private window: it lasts as long as the window.
    }
  }
}

/** @returns {{name: string, secret: string} | null} */
function readKept() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    if (typeof kept?.name === "string" && typeof kept?.secret === "string") {
      return { name: kept.name, secret: kept.secret };
    }
  } catch {
    // As if there were none.
  }
  return null;
}

function newSecret() {
  return encoded(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/**
 * @param {ArrayBuffer | null} old
 * @param {Uint8Array} key
 */
function isSame(old, key) {
  return old !== null && encoded(new Uint8Array(old)) === encoded(key);
}

/**
 * @param {number} milliseconds
 * @returns {Promise<never>}
 */
function timeout(milliseconds) {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("the push service does not answer")), milliseconds);
  });
}
