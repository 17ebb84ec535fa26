/**
 * The port between the page and its app: what the browser offers beside showing a page.
 *
 * `App` (app.js) is an EventTarget. It dispatches "change" when its `state` is another one, at most once in a task.
 * Everything here may be missing: over plain http most of it is, and then the state says so and nothing fails.
 *
 * @typedef {object} AppState
 * @property {boolean} installable  The browser would install the page as an app now: offer `install()`.
 * @property {boolean} installed  It runs as an installed app, in a window of its own.
 * @property {boolean} outdated  The server has another version of the page than this one: offer `reload()`.
 * @property {boolean} invites  The server sends invitations: offer `invite()`, also where this browser gets none.
 * @property {PushState} push
 *
 * @typedef {object} PushState  Invitations that arrive also while the page is closed.
 * @property {"missing" | "off" | "busy" | "on" | "blocked"} phase
 *   `missing`: this browser or this server has none of it; `blocked`: the browser forbids notifications for this page.
 * @property {string | null} name  Under which this browser is invited.
 * @property {string | null} problem  Why the last change failed, one sentence.
 *
 * @typedef {object} AppPort
 * @property {AppState} state
 * @property {() => Promise<void>} install  Asks the viewer. Only from a click.
 * @property {() => void} reload  Shows the new version. The room is entered again by the link.
 * @property {(name: string) => Promise<void>} subscribe  Asks the viewer for notifications. Only from a click.
 * @property {() => Promise<void>} unsubscribe
 * @property {(name: string) => Promise<import("../client/base.js").Outcome>} invite  Somebody who has subscribed under
 *   this name, to the room. It succeeds whether or not there is somebody of this name.
 * @property {() => void} close
 * @property {(type: string, listener: (event: any) => void) => void} addEventListener
 * @property {(type: string, listener: (event: any) => void) => void} removeEventListener
 */

export {};
