/**
 * Where a room is: in the address of the page, behind `#`, and in the links that are given to others.
 *
 * The page and its rooms are beside one another: the rooms of `https://HOST/PATH/` are at `wss://HOST/PATH/ws`.
 * docs/protocol.md, "Invites".
 */

const PAGE_SCHEMES = /** @type {Record<string, string>} */ ({ "ws:": "http:", "wss:": "https:" });

/**
 * Returns the URL of the server whose page has this address.
 *
 * @param {string} page  An absolute URL, such as `document.baseURI`.
 * @returns {string}
 */
export function serverOf(page) {
  const url = new URL("ws", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  url.search = "";
  return url.href;
}

/**
 * Returns the link to a room for others.
 *
 * @param {string} page  The address of this page.
 * @param {string} room  Its name, or its id.
 * @param {string | null} publicUrl  The server's URL for others, as it told; null: the one that was connected to.
 * @returns {string}
 */
export function inviteTo(page, room, publicUrl = null) {
  const url = pageOf(publicUrl) ?? new URL(".", page);
  url.hash = encodeURIComponent(room);
  return url.href;
}

/**
 * @param {string | null} server
 * @returns {URL | null}  The page beside this server; null where the server's path leads to no page.
 */
function pageOf(server) {
  if (server === null) return null;
  let url;
  try {
    url = new URL(server);
  } catch {
    return null;
  }
  const scheme = PAGE_SCHEMES[url.protocol];
  if (scheme === undefined || !/(^|\/)(ws)?$/.test(url.pathname)) return null;
  const page = new URL(url.href.replace(/^wss?:/, scheme));
  page.pathname = url.pathname.replace(/ws$/, "");
  page.search = "";
  page.hash = "";
  return page;
}

/**
 * Returns the room that is named behind `#`; null: none is, or what is there cannot be read.
 *
 * @param {string} hash  `location.hash`
 * @returns {string | null}
 */
export function roomIn(hash) {
  const text = hash.startsWith("#") ? hash.slice(1) : hash;
  try {
    const room = decodeURIComponent(text).trim();
    return room === "" || room.includes("/") || room.length > 64 ? null : room;
  } catch {
    return null;
  }
}

/**
 * Returns the room that somebody typed or pasted: its name, its id, or a link to it.
 *
 * @param {string} text
 * @returns {string}  What to ask the server for; "" if nothing was typed.
 */
export function roomTyped(text) {
  const typed = text.trim();
  if (/^https?:\/\//i.test(typed)) {
    const at = typed.indexOf("#");
    return at === -1 ? "" : (roomIn(typed.slice(at)) ?? "");
  }
  if (/^hangs?:\/\//i.test(typed)) {
    return (
      roomIn(
        typed
          .replace(/\?[\w.~/:@+,=%-]*$/, "")
          .replace(/\/+$/, "")
          .split("/")
          .pop() ?? "",
      ) ?? ""
    );
  }
  return typed;
}

/**
 * Tells whether two names mean the same room: docs/protocol.md, "Names".
 *
 * @param {string} one
 * @param {string | null} other
 */
export function sameRoom(one, other) {
  return other !== null && folded(one) === folded(other);
}

/** @param {string} name */
function folded(name) {
  return name
    .normalize("NFC")
    .replace(/[\ufe0e\ufe0f]/g, "")
    .replace(/\p{Zs}/gu, " ")
    .toLowerCase();
}
