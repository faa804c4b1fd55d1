/**
 * Which browsers start Deskring for its extension, and telling them to. Looks again whenever somebody comes back. Must
 * not know what is sent.
 *
 * @typedef {import("../types.js").BrowserHost} BrowserHost
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, make, words } from "./dom.js";
import { faultText } from "./fields.js";
import { card, help, note, worker } from "./forms.js";
import { changed, drawWith, faultOf, valueOf, view } from "./model.js";

/** @type {?BrowserHost[]} */
let browsers = null;
/** @type {?import("../types.js").Fault} */
let fault = null;
/** Whether somebody who looks has been told since they came. */
let isAsked = false;

/** @param {string} want @returns {Promise<boolean>} whether it was done */
async function ask(want) {
  fault = null;
  try {
    const answer = await backend.want({ want });
    if (answer.answer === "browsers") browsers = answer.browsers;
  } catch (error) {
    fault = faultOf(error);
  }
  changed();
  return fault === null;
}

async function offer() {
  if (await ask("offer_to_browsers")) announce(words.text("settings-browsers-offered"));
}

async function withdraw() {
  if (await ask("withdraw_from_browsers")) announce(words.text("settings-browsers-withdrawn"));
}

const list = make("ul", { id: "browsers", role: "status" });
const off = note("info", make("p", { words: "settings-browsers-off" }));
off.id = "browsers-off";
const problem = make("div", { role: "alert" });
const offerButton = worker("settings-browsers-offer", offer, { id: "browsers-offer" });
const withdrawButton = worker("settings-browsers-withdraw", withdraw, { id: "browsers-withdraw" });
const node = card(
  "settings-browsers",
  help("settings-browsers-help"),
  list,
  off,
  problem,
  make("div", "buttons start", offerButton, withdrawButton),
);

/** @param {BrowserHost} it */
const line = ({ browser, host, program }) =>
  words.with(`settings-browsers-${host}`, {
    browser: words.text(`settings-browser-${browser}`),
    program: clean(program ?? ""),
  });

function look() {
  const isSeen = view() !== null && node.checkVisibility();
  if (!isSeen || isAsked) {
    isAsked &&= isSeen;
    return;
  }
  isAsked = true;
  ask("browsers");
}

addEventListener("focus", () => {
  isAsked = false;
  changed();
});

drawWith(() => {
  look();
  const told = browsers === null ? [] : browsers.length ? browsers.map(line) : [words.text("settings-browsers-none")];
  if (told.join("\n") !== [...list.children].map((it) => it.textContent).join("\n")) {
    list.replaceChildren(...told.map((text) => make("li", {}, text)));
  }
  const has = (/** @type {BrowserHost["host"][]} */ ...hosts) => browsers?.some((it) => hosts.includes(it.host)) ?? false;
  offerButton.hidden = !has("no", "elsewhere");
  withdrawButton.hidden = !has("user", "elsewhere");
  off.hidden = valueOf("click_to_call.allow_native_messaging") === true || !has("user", "system");
  const wrong = fault ? faultText(fault) : "";
  if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
});

export const browsersCard = node;
