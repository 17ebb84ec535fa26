/** What the browser offers beside showing a page: installing, media keys, a screen that stays on, push. */

import { Installation, isInstalled, registerWorker, takeLaunchedFiles } from "./installation.js";
import { startMediaSession } from "./media_session.js";
import { Push } from "./push.js";
import { watchForUpdates } from "./update.js";
import { startWakeLock } from "./wake_lock.js";

/** @typedef {import("../client/base.js").SessionPort} SessionPort */
/** @typedef {import("./base.js").AppState} AppState */
/** @typedef {import("./base.js").AppPort} AppPort */

/**
 * Start what there is of the app in this browser. Nothing fails where something is missing.
 *
 * @param {SessionPort} session
 * @param {object} [options]
 * @param {(files: File[]) => void} [options.openFiles]  Takes films that the system opens with the installed page;
 *   without it the first of them is opened by the session.
 * @returns {App}
 */
export function startApp(session, { openFiles = (files) => session.openFile(files[0]) } = {}) {
  takeLaunchedFiles(openFiles);
  return new App(session);
}

/** @implements {AppPort} */
export class App extends EventTarget {
  /** @param {SessionPort} session */
  constructor(session) {
    super();
    this.session = session;
    this.isOutdated = false;
    const changed = () => this.changed();
    this.installation = new Installation(changed);
    this.push = new Push(session, registerWorker(), changed);
    const sessionChanged = () => this.push.sessionChanged();
    session.addEventListener("change", sessionChanged);
    this.endings = [
      startMediaSession(session),
      startWakeLock(session),
      watchForUpdates(session, () => {
        this.isOutdated = true;
        this.changed();
      }),
      () => session.removeEventListener("change", sessionChanged),
      () => this.installation.close(),
    ];
    this.state = this.newState();
    this.isTelling = false;
    session.addEventListener("change", changed);
    this.endings.push(() => session.removeEventListener("change", changed));
    this.push.sessionChanged();
  }

  install() {
    return this.installation.install();
  }

  reload() {
    location.reload();
  }

  /** @param {string} name */
  subscribe(name) {
    return this.push.subscribe(name);
  }

  unsubscribe() {
    return this.push.unsubscribe();
  }

  /**
   * Invite who gets invitations under this name, by a signed link where a plain one would not do.
   *
   * @param {string} name
   */
  async invite(name) {
    const policy = this.session.state.room?.policy;
    if (policy?.access !== "invited" && !policy?.has_password) return this.session.ask("PushInvite", { name });
    const made = await this.session.ask("CreateInvite", {});
    if (!made.ok && policy.access === "invited") return made;
    return this.session.ask("PushInvite", made.ok ? { name, invite: made.told?.token } : { name });
  }

  close() {
    for (const end of this.endings) end();
  }

  /** @returns {AppState} */
  newState() {
    return {
      installable: this.installation.prompt !== null,
      installed: isInstalled(),
      outdated: this.isOutdated,
      invites: this.session.state.pushKey !== null,
      push: this.push.state,
    };
  }

  /** Tell of the new state at the end of the task, once. */
  changed() {
    if (this.isTelling) return;
    this.isTelling = true;
    queueMicrotask(() => {
      this.isTelling = false;
      const next = this.newState();
      if (JSON.stringify(next) === JSON.stringify(this.state)) return;
      this.state = next;
      this.dispatchEvent(new Event("change"));
    });
  }
}
