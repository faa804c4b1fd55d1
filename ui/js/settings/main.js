/** The settings window: joins its pages with what comes from its process. */
import * as backend from "../backend.js";
import { drawIcons } from "../dom.js";
import { agentsPage, refreshOnce } from "./agents.js";
import { deskPage } from "./desk.js";
import { announce, sayAll } from "./dom.js";
import { doctorPage } from "./doctor.js";
import { faultText } from "./fields.js";
import { generalPage, know } from "./general.js";
import { labPage } from "./lab.js";
import { learn } from "./language.js";
import { changed, faultOf, load, model, retry } from "./model.js";
import { rulePages } from "./rules.js";
import { isFirstStart, setupPage } from "./setup.js";
import { open, route } from "./shell.js";
import { telephonePage } from "./telephone.js";

/** The window does not stay away for longer because of slow settings. */
const PATIENCE_MS = 1500;

/** Resolves when it is known what to show first. @type {() => void} */
let settle = () => {};
const settled = new Promise((resolve) => (settle = () => resolve(undefined)));
let welcomed = false;
/** What of a view tells that somebody else changed the settings. */
let seen = "";

/** @param {import("../types.js").Stage} stage */
async function take(stage) {
  const before = model.stage.stage;
  model.stage = stage;
  changed();
  if (stage.stage !== "connected") {
    seen = "";
    if (stage.stage !== "waiting") settle();
    return;
  }
  const { popup, extensions, problems, language, desk, pbx } = stage.view;
  const now = JSON.stringify([popup.mode, popup.trigger, extensions, problems, language, desk.state, pbx.state]);
  if (now === seen && model.settings) return;
  seen = now;
  await load();
  welcome();
  settle();
  if (before === "connected") return;
  retry();
  if (document.body.dataset.page === "agents") refreshOnce();
}

/** Where nothing is set up and nobody went anywhere yet, the set-up is what to begin with. */
function welcome() {
  if (welcomed || !model.settings) return;
  welcomed = true;
  if (location.hash || !isFirstStart()) return;
  history.replaceState(null, "", "#setup");
  route("first");
}

/** Links open in the browser; pages of the window are its own. */
function openOutside() {
  document.addEventListener("click", (event) => {
    const link = /** @type {?HTMLAnchorElement} */ (/** @type {Element} */ (event.target).closest("a[href^='https:']"));
    if (!link) return;
    event.preventDefault();
    backend.openExternal(link.href).catch((error) => announce(faultText(faultOf(error))));
  });
  // A second press of the middle button or a drop must not leave the page either.
  for (const kind of ["auxclick", "dragover", "drop"]) {
    document.addEventListener(kind, (event) => {
      const typed = /** @type {Element} */ (event.target).closest?.("input, textarea");
      if (!typed) event.preventDefault();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "w" && (event.ctrlKey || event.metaKey)) backend.close();
  });
}

open([telephonePage, deskPage, agentsPage, ...rulePages, labPage, generalPage, doctorPage, setupPage]);
drawIcons();
sayAll();
openOutside();
await backend.watchLanguage(async () => {
  await learn();
  sayAll();
  changed();
});
await backend.watch(take);
backend.about().then(
  (about) => {
    know(about);
    changed();
  },
  () => {},
);
await Promise.race([settled, new Promise((late) => setTimeout(late, PATIENCE_MS))]);
route("first");
addEventListener("focus", () => {
  if (model.stage.stage === "connected") load();
});
changed();
await backend.ready();
