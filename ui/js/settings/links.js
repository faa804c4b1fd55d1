/**
 * Which program takes links to phone numbers, and how a person makes it Deskring. Looks again whenever somebody comes
 * back from the system's own page. Must not change the choice: that is the person's.
 *
 * @typedef {import("../types.js").Links} Links
 */
import { clean } from "../phrases.js";
import { asking } from "./asking.js";
import { announce, make, reshape, say, words } from "./dom.js";
import { card, copier, help, note, worker } from "./forms.js";
import { drawWith } from "./model.js";

/** @type {Record<Links["tel"], ["info" | "warn" | "good", string]>} */
const LOOKS = { ours: ["good", "up"], elsewhere: ["info", "off"], nobody: ["warn", "stopped"], unknown: ["info", "off"] };

/** @type {?Links} */
let links = null;
const { ask, look, problem } = asking("links", (answer) => {
  if (answer.answer === "links") links = answer;
});

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

drawWith(() => {
  look(node);
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
});

export const linksCard = node;
