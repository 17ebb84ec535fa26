/** Keeps the screen on while the film plays and the page is seen. */

/** @typedef {import("../client/base.js").SessionPort} SessionPort */

/**
 * Hold the browser's wake lock while the film plays and the page is visible. Does nothing where there is none.
 *
 * @param {SessionPort} session
 * @returns {() => void} Gives it back.
 */
export function startWakeLock(session) {
  if (!("wakeLock" in navigator)) return () => {};
  const lock = new ScreenLock(() => {
    const { paused, motion } = session.state.playing;
    return document.visibilityState === "visible" && !paused && motion !== "empty" && motion !== "ended";
  });
  const update = () => lock.update();
  session.addEventListener("change", update);
  // The browser takes the lock away when the page is hidden. When it is seen again, it has to be asked for anew.
  document.addEventListener("visibilitychange", update);
  update();
  return () => {
    session.removeEventListener("change", update);
    document.removeEventListener("visibilitychange", update);
    lock.close();
  };
}

class ScreenLock {
  /** @param {() => boolean} isWanted */
  constructor(isWanted) {
    this.isWanted = isWanted;
    /** @type {WakeLockSentinel | null} */
    this.held = null;
    this.isAsking = false;
    this.isClosed = false;
  }

  update() {
    if (this.isAsking) return; // What is wanted is looked at again when the answer is there.
    if (!this.wants()) {
      this.held?.release().catch(() => {});
      this.held = null;
    } else if (this.held === null || this.held.released) {
      this.ask();
    }
  }

  close() {
    this.isClosed = true;
    this.update();
  }

  wants() {
    return !this.isClosed && this.isWanted();
  }

  async ask() {
    this.isAsking = true;
    try {
      this.held = await navigator.wakeLock.request("screen");
    } catch {
      // Low battery, or a page that has just been hidden. The next change asks again.
      this.held = null;
    }
    this.isAsking = false;
    if (!this.wants()) this.update();
  }
}
