/**
 * Texts with variables: what is wrong with one, what it says of the last call, and the variables there are. The engine
 * reads them, here they are only shown. Must not know where a text goes.
 *
 * @typedef {import("../types.js").Trial} Trial
 * @typedef {import("../types.js").Flaw} Flaw
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { idOf, make, say, shape, words } from "./dom.js";
import { field, plain, prose, text, tooLong } from "./fields.js";
import { changed, drawWith, isLocked, model, view } from "./model.js";

/** Those of the manual first. */
const VARIABLES = [
  "Time",
  "Call_Log_Status",
  "Call_From",
  "Call_To",
  "Talk_Duration",
  "Communication_Type",
  "Call_Status",
  "Call_From_Number",
  "Call_From_Name",
  "Call_To_Number",
  "Call_To_Name",
  "Ring_Duration",
  "Call_Duration",
  "DID",
  "DID_Number",
  "DID_Name",
  "Trunk",
  "Queue",
  "Extension",
  "Agent",
  "Recording",
  "Note",
  "Disposition",
  "Call_Id",
  "StartTimeUnix",
];

/** Somebody who types on is not told of every half word. */
const PAUSE_MS = 200;
/** More mistakes than these are one mistake, made over and over. */
const MOST_FLAWS = 5;
/** As much of what is written as a sentence takes. */
const LONGEST_WRITTEN = 30;

/**
 * A text with variables that are put in where the cursor is.
 *
 * @param {string} key
 * @param {"line" | "lines"} length
 * @param {() => boolean} off
 */
export function template(key, length, off) {
  const control = text(key, { tidy: length === "line" ? plain : prose, long: length === "lines", required: true });
  const [input] = /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ (control.inputs());
  /** What the engine said last. @type {?Trial} */
  let trial = null;
  /** What it was asked, which is not asked twice. */
  let asked = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;

  const flaws = flawList(`${idOf(key)}-flaws`);
  const preview = previewOf(`${idOf(key)}-preview`);
  const choice = variables(input);
  const made = field(key, control, {
    layout: "stack",
    off,
    below: make("div", "template", flaws.node, preview.node, choice.node),
    flawed: { by: flaws.node.id, now: () => (trial?.flaws.length ?? 0) > 0 },
  });

  /** Asks when the text or the call that it is filled in with is another one, and a person can see it. */
  function look() {
    const seen = view();
    if (!seen || !model.settings || !made.node.checkVisibility()) return;
    const wanted = JSON.stringify([input.value, seen.history, seen.caller_shown]);
    if (wanted === asked) return;
    asked = wanted;
    clearTimeout(soon);
    soon = setTimeout(ask, trial ? PAUSE_MS : 0);
  }

  async function ask() {
    const mine = asked;
    /** @type {?Trial} */
    let answer = null;
    try {
      // What is too long to be saved is refused in words of its own.
      if (!tooLong(input.value)) answer = await backend.want({ want: "template", template: key, text: input.value });
    } catch {
      // Nobody is there; the next drawing asks again.
      if (mine === asked) asked = "";
      return;
    }
    // An older answer must not come after a newer one.
    if (mine !== asked) return;
    trial = answer;
    changed();
  }

  input.addEventListener("input", look);
  drawWith(() => {
    choice.draw(isLocked(key) || off());
    flaws.draw(trial?.flaws ?? []);
    preview.draw(trial);
    look();
  });
  return made.node;
}

/** What is wrong. @param {string} id */
function flawList(id) {
  const node = make("div", { class: "flaws", id, role: "status" });
  let drawn = "";
  /** @param {Flaw[]} flaws */
  function draw(flaws) {
    const lines = flaws.slice(0, MOST_FLAWS).map(sentence);
    const more = flaws.length - lines.length;
    if (more > 0) lines.push(words.with("settings-flaw-more", { count: more }));
    const now = JSON.stringify(lines);
    if (now === drawn) return;
    drawn = now;
    node.replaceChildren();
    if (lines.length === 0) return;
    node.append(
      make("ul", {}, ...lines.map((line) => make("li", "wrong", shape("stopped", "shape small"), make("span", {}, line)))),
      make("p", { class: "help" }, words.text("settings-flaw-harmless")),
    );
  }
  return { node, draw };
}

/** @param {Flaw} flaw */
function sentence({ code, line, column, written, suggestion }) {
  const letters = [...clean(written)];
  const cut = letters.length > LONGEST_WRITTEN ? `${letters.slice(0, LONGEST_WRITTEN).join("")}…` : letters.join("");
  const values = { line, column, flaw: words.ofCode("settings-flaw", code, { written: cut }) };
  return suggestion
    ? words.with("settings-flaw-with-suggestion", { ...values, suggestion })
    : words.with("settings-flaw-at", values);
}

/** What it says of a call. @param {string} id */
function previewOf(id) {
  const title = make("p", { class: "help", id: `${id}-title` });
  // What customers wrote is in it: it is shown as text and never becomes anything else.
  const said = make("p", { class: "said", dir: "auto" });
  const node = make(
    "div",
    { class: "preview", id, role: "group", "aria-labelledby": `${id}-title`, hidden: true },
    title,
    said,
  );
  /** @param {?Trial} trial */
  function draw(trial) {
    node.hidden = !trial;
    if (!trial) return;
    node.dataset.of = trial.of;
    node.classList.toggle("quiet", !trial.preview);
    say(title, words.ofCode("settings-preview", trial.of));
    say(said, trial.preview || words.text("settings-preview-empty"));
  }
  return { node, draw };
}

/** All variables with their meanings, folded away. @param {HTMLInputElement | HTMLTextAreaElement} input */
function variables(input) {
  const buttons = VARIABLES.map((name) =>
    make(
      "button",
      { type: "button", class: "variable", data: { variable: name }, on: { click: () => insert(input, `{{${name}}}`) } },
      make("code", {}, `{{${name}}}`),
      " ",
      make("span", { class: "help", words: `settings-variable-${idOf(name.toLowerCase())}` }),
    ),
  );
  const node = make(
    "details",
    "more variables",
    make("summary", {}, make("span", { words: "settings-variables" }), shape("chevron-down", "shape small")),
    make("ul", {}, ...buttons.map((made) => make("li", {}, made))),
  );
  return { node, draw: (/** @type {boolean} */ off) => buttons.forEach((made) => (made.disabled = off)) };
}

/**
 * Puts a text in where the cursor is, in place of what is marked, and goes on there.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {string} text
 */
function insert(input, text) {
  input.setRangeText(text, input.selectionStart ?? 0, input.selectionEnd ?? 0, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
  input.focus();
}
