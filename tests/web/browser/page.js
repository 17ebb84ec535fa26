/** The page on a fake session, for tests of the page: `window.session` is theirs. */

import { startPage } from "../../../hangd/web/page/start.js";
import { missing } from "../../../hangd/web/page/texts/texts.js";
import * as fake from "./fake_session.js";

const session = new fake.FakeSession();
const video = document.createElement("video");
const invited = location.hash === "" ? null : decodeURIComponent(location.hash.slice(1));
Object.assign(window, { session, video, missing, fake });
startPage(session, video).invite(invited);
