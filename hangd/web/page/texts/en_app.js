/** The English texts of hangd/web/app. */

/** @type {Record<string, import("./texts.js").Text>} */
export const app = {
  "app.film": "A film",
  "app.install": "Install as an app",
  "app.outdated": "The server has a new version of this page.",
  "app.reload": "Reload",
  "app.push_title": "Invitations",
  "app.push_explained": "Whoever knows this name and uses this server can invite you, also while this page is closed.",
  "app.push_name": "Name for invitations",
  "app.push_on": "Get invitations",
  "app.push_off": "Get no more invitations",
  "app.push_is_on": "You get invitations as {name}.",
  "app.push_denied": "The browser was not allowed to show notifications.",
  "app.push_blocked": "Notifications are blocked for this page in the browser's settings.",
  "app.push_failed": "The browser's push service could not be reached.",
  "app.push_rename": "Change the name",
  "app.invite_name": "Notify a friend",
  "app.invite_explained": "The name under which they get invitations from this server.",
  "app.invite": "Invite",
  "app.invited": "If somebody gets invitations as {name}, they get one now.",
};
