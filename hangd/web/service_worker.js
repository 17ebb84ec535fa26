/**
 * The page's service worker: shows the page without a connection, and shows invitations that arrive by push.
 *
 * It keeps whole versions of the page and never mixes two of them. The server's files.json names a version, its files
 * and their SHA-256. When the page is opened, the worker asks for files.json: so an update of the server is seen at
 * once. A new version is fetched completely, each file is held against its hash, and only then is the version used. A
 * window gets all of its files from the version with which it was opened, for as long as it is open; which one that is
 * is kept in a cache, because browsers end this worker and start it again at any time. Whatever goes wrong on this way
 * leads to the network, as if there were no worker. Without a connection the newest version that is kept is shown.
 *
 * Everything but GET requests for the page's own files passes by: the WebSocket, /healthz, other origins.
 *
 * One file without imports: not every browser takes a module here.
 */

/**
 * @typedef {object} Listing  files.json.
 * @property {string} version
 * @property {Record<string, string>} files  The SHA-256 of each file in hex digits, by its path below the scope.
 */

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (self); // TypeScript knows one kind of global scope for all files: a window.

const scope = worker.registration.scope;
/** Caches belong to the origin, and there may be another hang under another path of it. */
const prefix = `hang ${scope} `;
const windows = `${prefix}windows`;

const DOCUMENT = "index.html";
const LISTING = "files.json";
/** For installing only; the browser keeps those itself. */
const UNKEPT = "app/icons/";
const BADGE = "app/icons/badge-96.png";
const ICON = "app/icons/hang-192.png";
/** How long the page waits for a server that does not answer before it is shown from the cache. */
const LISTING_MS = 3000;
const FETCH_MS = 15000;

worker.addEventListener("install", (event) => {
  // The versions do not depend on the worker's own, so a new worker need not wait until all windows are closed.
  event.waitUntil(Promise.all([worker.skipWaiting(), newest().catch(() => null)]));
});

worker.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path === null) return;
  if (event.request.mode === "navigate") {
    if (path === "" || path === DOCUMENT) event.respondWith(openDocument(event));
  } else if (event.clientId !== "") {
    event.respondWith(fileFor(event, path));
  }
});

/**
 * The path below the scope of a request that may be for the page's own files; null: it is none of ours.
 * @param {Request} request
 */
function pathOf(request) {
  const url = new URL(request.url);
  if (request.method !== "GET" || !url.href.startsWith(scope)) return null;
  return url.href.slice(scope.length).replace(/[?#].*$/s, "");
}

/** @param {FetchEvent} event */
async function openDocument(event) {
  const version = await newest().catch(() => null);
  const kept = version === null ? undefined : await fileOf(version, scope);
  if (version === null || kept === undefined) return fetch(event.request);
  await bind(event.resultingClientId, version);
  event.waitUntil(tidy(version, event.resultingClientId));
  return kept;
}

/**
 * @param {FetchEvent} event
 * @param {string} path
 */
async function fileFor(event, path) {
  const version = await boundTo(event.clientId);
  if (version === null) return fetch(event.request);
  // The window asks what the server has now, or (with a query) which version it is itself.
  if (path === LISTING && !event.request.url.endsWith("?own")) return fetch(event.request);
  // A dedicated worker of the window is a client of its own.
  if (event.resultingClientId !== "") await bind(event.resultingClientId, version);
  return (await fileOf(version, scope + path)) ?? fetch(event.request);
}

/**
 * @param {string} version
 * @param {string} url
 */
async function fileOf(version, url) {
  return (await caches.open(version)).match(url, { ignoreVary: true });
}

// ---- versions -------------------------------------------------------------------------------------------------------

/**
 * The name of the cache with the version that the server has now, or without a connection the newest that is kept.
 *
 * null: neither; the network has to answer.
 */
async function newest() {
  const listing = await currentListing();
  const kept = await keptVersions();
  if (listing === null) return kept[0] ?? null;
  const name = `${prefix}version ${listing.version}`;
  if (!kept.includes(name)) await keep(name, listing);
  return name;
}

/** @returns {Promise<Listing | null>} null: the server cannot be reached. */
async function currentListing() {
  let response;
  try {
    response = await fetch(scope + LISTING, { cache: "no-store", signal: AbortSignal.timeout(LISTING_MS) });
  } catch {
    return null;
  }
  if (!response.ok) {
    // A proxy in front of a server that is down answers 502 to 504: there is no connection to the server then.
    if (response.status >= 500) return null;
    throw new Error(`files.json: ${response.status}`);
  }
  return await response.json();
}

/** The complete versions, the one that was kept last first. */
async function keptVersions() {
  const complete = [];
  for (const name of await versionNames()) {
    if ((await fileOf(name, scope)) !== undefined) complete.unshift(name);
  }
  return complete;
}

/** The versions in the order in which they were kept, also one whose keeping was cut off. */
async function versionNames() {
  return (await caches.keys()).filter((name) => name.startsWith(`${prefix}version `));
}

/**
 * Fetch all files of a version, and keep it if each is what the listing says.
 *
 * The document goes in last: a version without it is not complete, and is fetched again.
 *
 * @param {string} name
 * @param {Listing} listing
 */
async function keep(name, listing) {
  const paths = Object.keys(listing.files).filter((path) => !path.startsWith(UNKEPT) && path !== DOCUMENT);
  const files = await Promise.all([...paths, DOCUMENT].map(async (path) => checked(path, listing.files[path])));
  const cache = await caches.open(name);
  try {
    await cache.put(scope + LISTING, new Response(JSON.stringify(listing)));
    for (const { url, response } of files) await cache.put(url, response);
  } catch (error) {
    await caches.delete(name); // No space, as a rule.
    throw error;
  }
}

/**
 * @param {string} path
 * @param {string} digest
 */
async function checked(path, digest) {
  const url = path === DOCUMENT ? scope : scope + path;
  const response = await fetch(url, { cache: "no-cache", signal: AbortSignal.timeout(FETCH_MS) });
  if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
  const found = await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer());
  const digits = Array.from(new Uint8Array(found), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (digits !== digest) throw new Error(`${path}: is not what files.json says`);
  return { url, response };
}

// ---- which window has which version ---------------------------------------------------------------------------------

/** What is in the cache, for as long as this worker runs. @type {Map<string, string>} */
const known = new Map();

/** @param {string} client */
const keyOf = (client) => `${scope}window/${encodeURIComponent(client)}`;

/**
 * @param {string} client
 * @param {string} version
 */
async function bind(client, version) {
  known.set(client, version);
  await (await caches.open(windows)).put(keyOf(client), new Response(version));
}

/**
 * @param {string} client
 * @returns {Promise<string | null>} null: it was opened from the network.
 */
async function boundTo(client) {
  const remembered = known.get(client);
  if (remembered !== undefined) return remembered;
  const kept = await (await caches.open(windows)).match(keyOf(client));
  if (kept === undefined) return null;
  const version = await kept.text();
  known.set(client, version);
  return version;
}

/**
 * Forget the windows that are closed, and the versions that no window has any more.
 * @param {string} version  The newest.
 * @param {string} opening  A window that is only being opened, and so is not among the clients yet.
 */
async function tidy(version, opening) {
  const cache = await caches.open(windows);
  const open = await worker.clients.matchAll({ type: "all", includeUncontrolled: true });
  const alive = new Set([opening, ...open.map((client) => client.id)].map(keyOf));
  const used = new Set([version]);
  for (const request of await cache.keys()) {
    const kept = alive.has(request.url) ? await cache.match(request) : undefined;
    if (kept === undefined) await cache.delete(request);
    else used.add(await kept.text());
  }
  for (const name of await versionNames()) if (!used.has(name)) await caches.delete(name);
}

// ---- invitations ----------------------------------------------------------------------------------------------------

/**
 * @typedef {object} Invitation  What the server sends.
 * @property {string} title
 * @property {string} body
 * @property {string} room  The room's name or id.
 * @property {string} invite  A signed invite to it; "": none.
 */

worker.addEventListener("push", (event) => {
  const invitation = read(event.data);
  // Browsers want something shown for each push, and show a text of their own where nothing is.
  event.waitUntil(
    worker.registration.showNotification(invitation.title, {
      body: invitation.body,
      icon: scope + ICON,
      badge: scope + BADGE,
      tag: `room ${invitation.room}`,
      data: { room: invitation.room, invite: invitation.invite },
    }),
  );
});

/**
 * @param {PushMessageData | null} data
 * @returns {Invitation}
 */
function read(data) {
  /** @type {Partial<Record<keyof Invitation, unknown>>} */
  let given = {};
  try {
    given = data?.json() ?? {};
  } catch {
    // Not from this server: what can be shown is shown.
  }
  const text = (/** @type {unknown} */ value, /** @type {string} */ otherwise) =>
    typeof value === "string" && value !== "" ? value.slice(0, 300) : otherwise;
  const { invite } = given;
  return {
    title: text(given.title, "hang"),
    body: text(given.body, ""),
    room: text(given.room, ""),
    invite: typeof invite === "string" && /^[\w.-]{1,1024}$/.test(invite) ? invite : "",
  };
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { room = "", invite = "" } = event.notification.data ?? {};
  event.waitUntil(openRoom(String(room), String(invite)));
});

/**
 * Bring the window with this room to the front, or open one. A window that shows another room is left alone.
 * @param {string} room
 * @param {string} invite
 */
async function openRoom(room, invite) {
  const signed = invite === "" ? "" : `&invite=${invite}`;
  const url = room === "" ? scope : `${scope}#${encodeURIComponent(room)}${signed}`;
  const open = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = open.find((client) => sameRoom(client.url, room));
  if (there !== undefined) await there.focus();
  else await worker.clients.openWindow(url);
}

/**
 * @param {string} url
 * @param {string} room
 */
function sameRoom(url, room) {
  if (!url.startsWith(scope)) return false;
  try {
    return decodeURIComponent(new URL(url).hash.slice(1)) === room;
  } catch {
    return false;
  }
}
