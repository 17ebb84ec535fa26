/** Has the texts of the dialogs, which are loaded when they are opened: each of them imports this. */

import { dialogs } from "./en_dialogs.js";
import { trust } from "./en_trust.js";
import { learn } from "./texts.js";

learn(dialogs);
learn(trust);
