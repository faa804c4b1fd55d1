/**
 * The matching lab: why a number is whose it is, and what other rules for numbers would have changed for the last calls.
 * The engine compares and counts, bit by bit; whoever presses Stop asks for no more. Must not know how numbers are read.
 *
 * @typedef {import("../types.js").WhatIf} WhatIf
 * @typedef {import("../types.js").LabChange} Changed
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { countries } from "./countries.js";
import { announce, button, fill, make, say, words } from "./dom.js";
import { explainCard, nameOf } from "./explain.js";
import { code, faultText, problemOf } from "./fields.js";
import { card, help, note, page, worker } from "./forms.js";
import { changed, drawWith, faultOf, forget, isLocked, save, valueOf, view } from "./model.js";

// The rules that are tried

const country = make("select", { id: "lab-country" });
const areaCode = make("input", { id: "lab-area-code", type: "text", class: "short", inputmode: "numeric", autocomplete: "off" });
const outsideLine = make("input", { id: "lab-outside-line", type: "text", class: "short", inputmode: "numeric", autocomplete: "off" });

/** @type {[string, string, HTMLInputElement | HTMLSelectElement][]} */
const RULES = [
  ["country", "numbers.country", country],
  ["area_code", "numbers.area_code", areaCode],
  ["outside_line_prefix", "numbers.outside_line_prefix", outsideLine],
];

/** Rules that a person changed; the others are those of the settings. @type {Set<string>} */
const typed = new Set();

const rules = () => Object.fromEntries(RULES.map(([name, , input]) => [name, code(input.value)]));
const differing = () => RULES.filter(([, key, input]) => code(input.value) !== (valueOf(key) ?? ""));

// Trying

/** @type {?WhatIf} */
let result = null;
/** @type {Changed[]} */
let rows = [];
/** @type {?import("../types.js").Fault} */
let fault = null;
/** With which rules, and whom, the result was made. @type {?{rules: Record<string, string>, in: "known" | "desk"}} */
let tried = null;
/** The question that is being answered; another one, or none, when it was stopped. */
let running = 0;
let questions = 0;
let refused = "";
let stopped = false;
let drawn = "";

/** @param {"known" | "desk"} where */
function begin(where) {
  result = null;
  rows = [];
  tried = { rules: rules(), in: where };
  return goOn();
}

async function goOn() {
  if (!tried) return;
  const mine = ++questions;
  running = mine;
  stopped = false;
  fault = null;
  changed();
  try {
    do {
      const place = result?.place ?? null;
      const answer = await backend.want({ want: "what_if", rules: tried.rules, in: tried.in, place });
      // Stopped, or tried with other rules meanwhile.
      if (mine !== running) return;
      result = answer;
      rows.push(...answer.rows);
      changed();
    } while (result?.more);
    if (result) announce(sentence(result));
    requestAnimationFrame(() => outcome.scrollIntoView({ block: "nearest" }));
  } catch (error) {
    if (mine === running) fault = faultOf(error);
  }
  if (mine === running) running = 0;
  changed();
}

function stop() {
  running = 0;
  stopped = true;
  announce(words.text("lab-what-if-stopped"));
  changed();
}

async function takeOver() {
  const keys = differing().map(([, key]) => key);
  const done = await save(Object.fromEntries(differing().map(([, key, input]) => [key, code(input.value) || null])));
  refused = done ? "" : keys.map((key) => problemOf(key, false)).filter(Boolean).join(" · ");
  if (done) typed.clear();
  // What is refused stays in the lab, and goes along with no other change.
  else forget(keys);
  announce(done ? words.text("lab-taken-over") : refused);
  changed();
}

// What is seen

/** @param {string} text @param {HTMLInputElement | HTMLSelectElement} input @param {?string} about */
function ruleField(text, input, about) {
  const described = about ? make("p", { class: "help", id: `${input.id}-help`, words: about }) : null;
  if (described) input.setAttribute("aria-describedby", described.id);
  return make(
    "div",
    "field row",
    make("div", "about", make("label", { class: "label", for: input.id, words: text }), described),
    make("span", "state"),
    make("div", "control", input),
  );
}

const start = button("lab-what-if-run", () => begin("known"), { class: "button primary", id: "lab-run" });
const halt = button("lab-what-if-stop", stop, { id: "lab-stop" });
const again = button("lab-what-if-again", goOn, { id: "lab-go-on" });
const take = worker("lab-take-over", takeOver, { id: "lab-take-over" });
const same = help("lab-what-if-same");
same.id = "lab-same";
const bar = make("progress", { id: "lab-progress", label: "lab-what-if", max: "1", value: "0" });
const state = make("p", { class: "help", id: "lab-state" });
const problem = make("div", { role: "alert" });
const offer = note(
  "warn",
  make("p", { id: "lab-offer" }),
  make("div", "buttons start", button("lab-what-if-ask-desk", () => begin("desk"), { id: "lab-with-desk" })),
);
const outcome = make("div", { class: "lab", id: "lab-outcome" });

const whatIfCard = card(
  "lab-what-if",
  help("lab-what-if-help"),
  ruleField("settings-numbers-country", country, null),
  ruleField("settings-numbers-area-code", areaCode, "settings-numbers-area-code-help"),
  ruleField("settings-numbers-outside-line-prefix", outsideLine, "settings-numbers-outside-line-prefix-help"),
  same,
  make("div", "buttons start", start, halt, again, take),
  problem,
  offer,
  bar,
  state,
  outcome,
);

export const labPage = page("matching-lab", explainCard, whatIfCard);

/** @param {WhatIf} found */
function sentence(found) {
  if (found.numbers === 0) return words.text("lab-what-if-no-calls");
  return words.with("lab-what-if-progress", { done: found.place.done, numbers: found.numbers });
}

/** @param {WhatIf} found */
function compared(found) {
  if (found.source === "desk") return words.text("lab-what-if-with-desk");
  const whole = words.with("lab-what-if-with-index", { count: found.people ?? view()?.index?.people ?? 0 });
  return view()?.index?.state === "fresh" ? whole : `${whole} ${words.text("lab-what-if-partly")}`;
}

/** @param {WhatIf} found */
function counts({ place: { tally } }) {
  const cells = (/** @type {(it: import("../types.js").LabCounts) => string} */ of) =>
    [tally.calls, tally.numbers].map((it) => make("td", {}, of(it)));
  const row = (/** @type {string} */ key, /** @type {(it: import("../types.js").LabCounts) => string} */ of) =>
    make("tr", { data: { count: key } }, make("th", { scope: "row" }, words.text(`lab-count-${key}`)), ...cells(of));
  return make(
    "table",
    "counts",
    make("caption", "unseen", words.text("lab-what-if")),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("td"),
        ...["calls", "numbers"].map((key) => make("th", { scope: "col" }, words.text(`lab-count-${key}`))),
      ),
    ),
    make(
      "tbody",
      {},
      row("matched", (it) => `${it.matched_before} → ${it.matched_after}`),
      row("ambiguous", (it) => `${it.ambiguous_before} → ${it.ambiguous_after}`),
      row("gained", (it) => String(it.gained)),
      row("lost", (it) => String(it.lost)),
      row("newly-ambiguous", (it) => String(it.newly_ambiguous)),
      row("others", (it) => String(it.others)),
    ),
  );
}

/** @param {Changed} one */
function changedRow({ number, calls, change, means_before, means_after, before, after }) {
  const names = (/** @type {import("../types.js").LabRecord[]} */ all) =>
    all.map(nameOf).join(", ") || words.text("lab-nobody");
  const means = means_before === means_after ? "" : `${means_before ?? "–"} → ${means_after ?? "–"}`;
  return make(
    "li",
    { data: { change } },
    make(
      "p",
      {},
      make("strong", {}, make("bdi", {}, clean(number))),
      ` · ${words.with("lab-row-calls", { count: calls })} · ${words.ofCode("lab-change", change)}`,
    ),
    make("p", "help", make("bdi", {}, names(before)), " → ", make("bdi", {}, names(after))),
    means ? make("p", "help mono", means) : null,
  );
}

function drawRules() {
  for (const [name, key, input] of RULES) {
    const value = typed.has(name) ? input.value : (valueOf(key) ?? "");
    if (input === country) fill(country, [{ value: "", text: words.text("settings-choose") }, ...countries(words.language)], value);
    else if (input.value !== value) input.value = value;
  }
}

function draw() {
  drawRules();
  const others = differing();
  same.hidden = others.length > 0;
  take.hidden = others.length === 0 || others.some(([, key]) => isLocked(key));
  start.hidden = running > 0;
  halt.hidden = running === 0;
  again.hidden = running > 0 || !(stopped || result?.more);
  const wrong = fault ? faultText(fault) : refused;
  if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
  const isOffer = result?.source === "nobody" && result.numbers > 0;
  offer.hidden = !isOffer || running > 0;
  if (result && isOffer) {
    const [text] = offer.querySelectorAll("p");
    say(text, words.with("lab-what-if-no-index", { count: result.most_credits }));
  }
  bar.hidden = again.hidden && running === 0;
  bar.max = Math.max(result?.numbers ?? 1, 1);
  bar.value = result?.place.done ?? 0;
  const progress = result && !isOffer ? sentence(result) : "";
  say(state, [stopped ? words.text("lab-what-if-stopped") : "", progress].filter(Boolean).join(" "));
  state.hidden = !state.textContent;
  drawOutcome(isOffer ? null : result);
}

/** @param {?WhatIf} found */
function drawOutcome(found) {
  const shown = found && found.numbers > 0 ? found : null;
  const now = JSON.stringify([shown, rows.length, words.language, view()?.index?.state]);
  if (now === drawn) return;
  drawn = now;
  if (!shown) return outcome.replaceChildren();
  outcome.replaceChildren(
    make("p", "help", compared(shown)),
    counts(shown),
    make(
      "section",
      { data: { part: "changed" } },
      make("h2", {}, words.text("lab-changed")),
      rows.length > 0
        ? make("ul", "items", ...rows.map(changedRow))
        : make("p", "help", words.text("lab-none-changed")),
    ),
  );
}

for (const [name, , input] of RULES) {
  input.addEventListener("input", () => {
    typed.add(name);
    refused = "";
    changed();
  });
}
drawWith(draw);
