/**
 * Which program takes links to phone numbers, and how a person makes it Deskring. Looks again whenever somebody comes
 * back from the system's own page. Must not change the choice: that is the person's.
 *
 * @typedef {import("../types.js").Links} Links
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, make, reshape, say, words } from "./dom.js";
import { faultText } from "./fields.js";
import { card, copier, help, note, worker } from "./forms.js";
import { changed, drawWith, faultOf, view } from "./model.js";

/** @type {Record<Links["tel"], ["info" | "warn" | "good", string]>} */
const LOOKS = { ours: ["good", "up"], elsewhere: ["info", "off"], nobody: ["warn", "stopped"], unknown: ["info", "off"] };

/** @type {?Links} */
let links = null;
/** @type {?import("../types.js").Fault} */
let fault = null;
/** Whether somebody who looks has been told since they came. */
let isAsked = false;

/** @param {string} want @returns {Promise<boolean>} whether it was done */
async function ask(want) {
  fault = null;
  try {
    const answer = await backend.want({ want });
    if (answer.answer === "links") links = answer;
  } catch (error) {
    fault = faultOf(error);
  }
  changed();
  return fault === null;
}

async function offer() {
  if (!(await ask("offer_for_links"))) return;
  announce(words.text("settings-links-offered"));
  // The pressed button is gone; the next step follows.
  (pageButton.hidden ? copy : pageButton).focus();
}

const COMMAND = "links-command";
const text = make("p", { role: "status" });
const state = note("info", text);
state.id = "links-state";
const how = help("settings-links-how");
const offering = help("settings-links-offer-help");
const offerButton = worker("settings-links-offer", offer, { class: "button primary", id: "links-offer" });
const pageButton = worker("settings-links-page", () => ask("show_default_apps"), { id: "links-page" });
const command = make("code", { id: COMMAND });
const copy = copier(() => links?.command ?? "", `${COMMAND}-label`);
const inTerminal = make(
  "dl",
  "facts",
  make(
    "div",
    "print",
    make("dt", { words: "settings-links-command", id: `${COMMAND}-label` }),
    make("dd", {}, command, copy),
  ),
);
const problem = make("div", { role: "alert" });
const node = card(
  "settings-links",
  help("settings-links-help"),
  state,
  offering,
  how,
  inTerminal,
  problem,
  make("div", "buttons start", offerButton, pageButton),
);

function look() {
  const isSeen = view() !== null && node.checkVisibility();
  if (!isSeen || isAsked) {
    isAsked &&= isSeen;
    return;
  }
  isAsked = true;
  ask("links");
}

addEventListener("focus", () => {
  isAsked = false;
  changed();
});

drawWith(() => {
  look();
  const [tone, name] = LOOKS[links?.tel ?? "unknown"];
  state.hidden = links === null;
  state.dataset.tone = tone;
  state.dataset.tel = links?.tel ?? "";
  reshape(/** @type {Element} */ (state.firstElementChild), name);
  const told = links ? words.with(`settings-links-${links.tel}`, { program: clean(links.program ?? "") }) : "";
  if (text.textContent !== told) text.textContent = told;
  const isCandidate = links?.candidate ?? true;
  offerButton.hidden = isCandidate;
  offering.hidden = isCandidate;
  pageButton.hidden = !links?.page;
  // Whoever has Deskring there already needs no advice.
  how.hidden = links === null || links.tel === "ours";
  say(command, links?.command ?? "");
  inTerminal.hidden = how.hidden || !links?.command;
  const wrong = fault ? faultText(fault) : "";
  if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
});

export const linksCard = node;
