/** Fingers and the mouse on the picture: a double tap seeks, a tap shows the controls, a double click fills the screen. */

/** Seconds within which two taps are one double tap. */
const DOUBLE = 0.3;
const JUMP = 10;

/**
 * Listens on the stage.
 *
 * @param {HTMLElement} stage
 * @param {import("../actions.js").Actions} actions
 * @param {HTMLVideoElement} video
 */
export function listenToTaps(stage, actions, video) {
  let last = { at: 0, side: 0 };
  stage.addEventListener("pointerup", (event) => {
    if (event.pointerType === "mouse" || !isPicture(event.target, stage, video)) {
      return;
    }
    const box = stage.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const tap = { at: event.timeStamp / 1000, side: share < 0.4 ? -1 : share > 0.6 ? 1 : 0 };
    const isDouble = tap.at - last.at < DOUBLE && tap.side === last.side;
    last = tap;
    if (isDouble && tap.side !== 0) {
      actions.seekBy(JUMP * tap.side);
    } else if (isDouble) {
      void actions.toggleFull();
    }
  });
  stage.addEventListener("dblclick", (event) => {
    if (
      /** @type {PointerEvent} */ (event).pointerType !== "touch" &&
      isPicture(event.target, stage, video) &&
      matchMedia("(pointer: fine)").matches
    ) {
      void actions.toggleFull();
    }
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      if (isPicture(event.target, stage, video) && event.deltaY !== 0 && !event.ctrlKey) {
        actions.volumeBy(event.deltaY < 0 ? 0.02 : -0.02);
      }
    },
    { passive: true },
  );
}

/**
 * @param {EventTarget | null} target
 * @param {HTMLElement} stage
 * @param {HTMLVideoElement} video
 */
function isPicture(target, stage, video) {
  return target === stage || target === video;
}
