/**
 * Where a room is: in the address of the page, behind `#`, and in the links that are given to others. A signed invite
 * stands at the end of them: `#ROOM&invite=TOKEN` in a page's address, `/ROOM#invite=TOKEN` in an invite (`hang://`).
 *
 * The page and its rooms are beside one another: the rooms of `https://HOST/PATH/` are at `wss://HOST/PATH/ws`.
 * docs/protocol.md, "Invites".
 */

const SIGNED_LINK = /^(.*)&invite=([\w.-]+)$/s;
const SIGNED_INVITE = /^(hangs?:\/\/.*)#invite=([\w.-]+)$/is;
/** The protocol's. */
const TOKEN_MAX = 1024;

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
 * Returns the link with a signed invite in it.
 *
 * @param {string} link  The link to a room.
 * @param {string | null} token
 * @returns {string}
 */
export function signed(link, token) {
  return token === null ? link : `${link}&invite=${token}`;
}

/**
 * Returns the signed invite behind `#`; null: there is none.
 *
 * @param {string} hash  `location.hash`
 * @returns {string | null}
 */
export function tokenIn(hash) {
  const token = SIGNED_LINK.exec(hash)?.[2] ?? null;
  return token === null || token.length > TOKEN_MAX ? null : token;
}

/**
 * Returns the room that is named behind `#`; null: none is, or what is there cannot be read.
 *
 * @param {string} hash  `location.hash`
 * @returns {string | null}
 */
export function roomIn(hash) {
  const plain = SIGNED_LINK.exec(hash)?.[1] ?? hash;
  return decoded(plain.startsWith("#") ? plain.slice(1) : plain);
}

/** @param {string} text */
function decoded(text) {
  try {
    const room = decodeURIComponent(text).trim();
    return room === "" || room.includes("/") || room.length > 64 ? null : room;
  } catch {
    return null;
  }
}

/**
 * @typedef {object} Invitation  What somebody typed or pasted to say which room they mean.
 * @property {string} room  Its name or id; "": none is named, or what was pasted cannot be read.
 * @property {string | null} token  The signed invite to it.
 * @property {boolean} here  Whether it is a room of this page's server.
 * @property {string | null} link  Where a browser finds a room of another server; null: the invite names no page.
 */

/**
 * Returns the room that somebody typed or pasted: its name, its id, the link to it, or its invite (`hang://`).
 *
 * @param {string} text
 * @param {string} page  The address of this page.
 * @returns {Invitation}
 */
export function invitation(text, page) {
  const whole = text.trim();
  const link = /^https?:\/\//i.test(whole) ? whole : linkWithoutScheme(whole, page);
  const [, typed = whole, token = null] = (link === null && SIGNED_INVITE.exec(whole)) || [];
  const invite = /^(hangs?):\/\/([^/?#]*)(\/.*?)(?:\?[\w.~/:@+,=%-]+)?$/i.exec(typed);
  if (link === null && invite === null) {
    return { room: /^hangs?:/i.test(typed) ? "" : typed, token: null, here: true, link: null };
  }
  try {
    const [room, server] = link === null ? readInvite(invite ?? []) : readLink(link);
    const here = folderOf(server) === folderOf(serverOf(page));
    return {
      room,
      token: link === null ? token : tokenIn(new URL(link).hash),
      here,
      link: here || room === "" ? null : link,
    };
  } catch {
    return { room: "", token: null, here: true, link: null };
  }
}

/**
 * People copy an address without its scheme. No name of a room has a slash.
 *
 * @param {string} typed
 * @param {string} page
 */
function linkWithoutScheme(typed, page) {
  return /^[^\s/#]+(\/[^#\s]*)?\/#./.test(typed) && !typed.includes("://")
    ? `${new URL(page).protocol}//${typed}`
    : null;
}

/**
 * @param {string} link
 * @returns {[room: string, server: string]}
 */
function readLink(link) {
  return [roomIn(new URL(link).hash) ?? "", serverOf(link)];
}

/**
 * @param {readonly string[]} found  The invite, and in it the scheme, the host with the port, and the path.
 * @returns {[room: string, server: string]}
 */
function readInvite([, scheme = "", authority = "", path = ""]) {
  const isSecure = scheme.toLowerCase() === "hangs";
  const parts = path.replace(/\/+$/, "").split("/");
  const room = decoded(parts.pop() ?? "") ?? "";
  const port = /:\d+$/.test(authority) ? "" : isSecure ? ":443" : ":3005";
  return [room, `${isSecure ? "wss" : "ws"}://${authority}${port}${parts.join("/") || "/ws"}`];
}

/**
 * Two servers with this in common are the same: its folder and the `ws` in it lead to the same rooms.
 *
 * @param {string} server
 */
function folderOf(server) {
  const url = new URL(server);
  return `${url.protocol}//${url.host}${url.pathname.replace(/(^|\/)ws$/, "$1")}`;
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
