/**
 * A setting on the screen: its words, its control, whether it is locked, saved or refused. Controls keep what a
 * person typed until it is saved. Must not know any particular setting.
 *
 * The words of `popup.mode` are `settings-popup-mode`, its explanation `settings-popup-mode-help` and its choices
 * `settings-popup-mode-…`.
 *
 * @typedef {import("../types.js").Value} Value
 * @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Input
 * @typedef {object} Control
 * @property {HTMLElement} node
 * @property {() => Input[]} inputs
 * @property {() => Value} read
 * @property {(value: any) => void} write
 * @property {"one" | "group"} kind
 * @property {() => void} [draw] draws what depends on the language
 */
import { clean } from "../phrases.js";
import { announce, button, fill, idOf, make, mark, say, shape, words } from "./dom.js";
import { drawWith, forget, isLocked, model, notes, save, valueOf } from "./model.js";

/** Longer than anything meant; a paste gone wrong is told from a value here already. */
const LONGEST = 4000;

/** @param {string} key */
export const wordsOf = (key) => `settings-${idOf(key)}`;

/** @param {string} key */
const has = (key) => words.text(key) !== key;

/** @param {unknown} one @param {unknown} other */
const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

// Controls

/** @param {string} key @returns {Control} */
export function toggle(key) {
  const input = make("input", { type: "checkbox", role: "switch", class: "switch", id: idOf(key), data: { key } });
  return {
    kind: "one",
    node: input,
    inputs: () => [input],
    read: () => input.checked,
    write: (value) => {
      input.checked = value === true;
    },
  };
}

/** @param {string} key @param {string[]} codes @returns {Control} */
export function choice(key, codes) {
  return picker(key, () => codes.map((code) => ({ value: code, text: words.text(`${wordsOf(key)}-${idOf(code)}`) })));
}

/**
 * @param {string} key
 * @param {() => {value: string, text: string}[]} options in the present language
 * @param {{empty?: string}} [looks] `empty` is the key of the words for no choice
 * @returns {Control}
 */
export function picker(key, options, { empty } = {}) {
  const select = make("select", { id: idOf(key), data: { key } });
  const all = () => (empty ? [{ value: "", text: words.text(empty) }, ...options()] : options());
  return {
    kind: "one",
    node: select,
    inputs: () => [select],
    read: () => select.value || null,
    write: (value) => fill(select, all(), value ?? ""),
    draw: () => fill(select, all(), select.value),
  };
}

/** @param {string} key @param {string[]} codes @returns {Control} */
export function radios(key, codes) {
  const inputs = codes.map((code) =>
    make("input", { type: "radio", name: idOf(key), value: code, id: idOf(`${key}.${code}`), data: { key } }),
  );
  return {
    kind: "group",
    node: make("div", "choices", ...inputs.map((input) => option(wordsOf(key), input))),
    inputs: () => inputs,
    read: () => inputs.find((input) => input.checked)?.value ?? null,
    write: (value) => {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

/**
 * Several of these.
 *
 * @param {string} key
 * @param {string[]} codes
 * @param {(code: string) => boolean} [offered]
 * @returns {Control}
 */
export function checks(key, codes, offered = () => true) {
  const inputs = codes.map((code) =>
    make("input", { type: "checkbox", value: code, id: idOf(`${key}.${code}`), data: { key } }),
  );
  const rows = inputs.map((input) => option(wordsOf(key), input));
  return {
    kind: "group",
    node: make("div", "choices", ...rows),
    inputs: () => inputs,
    read: () => inputs.filter((input) => input.checked && offered(input.value)).map((input) => input.value),
    write: (value) => {
      for (const input of inputs) input.checked = (value ?? []).includes(input.value);
    },
    draw: () => rows.forEach((row, index) => (row.hidden = !offered(inputs[index].value))),
  };
}

/** @param {string} base @param {HTMLInputElement} input */
function option(base, input) {
  const key = `${base}-${idOf(input.value)}`;
  const text = make("span", "text", make("span", { words: key }));
  if (has(`${key}-help`)) {
    const help = make("span", { class: "help", id: `${input.id}-help`, words: `${key}-help` });
    text.append(help);
    input.setAttribute("aria-describedby", help.id);
  }
  // The help describes; it is not part of the name.
  input.setAttribute("aria-labelledby", `${input.id}-name`);
  /** @type {HTMLElement} */ (text.firstElementChild).id = `${input.id}-name`;
  return make("label", "choice", input, text);
}

/**
 * @param {string} key
 * @param {{tidy?: (text: string) => string, long?: boolean, hint?: string, mono?: boolean, required?: boolean,
 *   short?: boolean, mode?: string}} [looks] `hint` is the key of the words of an example
 * @returns {Control}
 */
export function text(key, { tidy = plain, long = false, hint, mono = false, required = false, short, mode } = {}) {
  const input = make(long ? "textarea" : "input", {
    id: idOf(key),
    class: [mono ? "mono" : "", short ? "short" : ""].join(" ").trim() || null,
    data: { key },
    dir: "auto",
    spellcheck: long ? null : "false",
    autocomplete: "off",
    autocapitalize: "off",
    inputmode: mode ?? null,
    ...(long ? { rows: "3" } : { type: "text" }),
    ...(hint ? { hint } : {}),
  });
  return {
    kind: "one",
    node: input,
    inputs: () => [input],
    read: () => tidy(input.value) || (required ? "" : null),
    write: (value) => {
      const wanted = value ?? "";
      if (input.value !== wanted) input.value = wanted;
    },
  };
}

/**
 * Several short texts, in one line or one a line. In `words` there are no blanks.
 *
 * @param {string} key
 * @param {{tidy?: (text: string) => string, lines?: boolean, words?: boolean, hint?: string}} [looks]
 * @returns {Control}
 */
export function list(key, { tidy = plain, lines = false, words = !lines, hint } = {}) {
  const inner = text(key, { tidy: (it) => it, long: lines, hint });
  const [input] = inner.inputs();
  const split = words ? /[\s,;，、；]+/ : /[\r\n]+/;
  const parts = () => input.value.split(split).map(tidy).filter(Boolean);
  return {
    ...inner,
    read: () => [...new Set(parts())],
    write: (value) => {
      // Blanks and an unfinished line are left alone while they mean the same.
      if (!same(parts(), value ?? [])) input.value = (value ?? []).join(lines ? "\n" : ", ");
    },
  };
}

// What a paste may bring along

/** One line without marks that cannot be seen. @param {string} text */
export const plain = (text) => clean(text.replaceAll(/[\r\n\t]+/g, " "));
/**
 * As `plain`, for what machines read: full-width letters and digits become plain ones, blanks go.
 *
 * @param {string} text
 */
export const code = (text) => plain(text).normalize("NFKC").replaceAll(/\s+/g, "");
/** Lines stay, marks that cannot be seen go. @param {string} text */
export const prose = (text) =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => clean(line))
    .join("\n")
    .trim();

// Fields

/**
 * @typedef {object} Field
 * @property {string} key
 * @property {HTMLElement} node
 * @property {Control} control
 * @property {() => boolean} dirty whether a person changed it since it was saved
 * @property {() => void} settle what is shown is what is saved
 * @property {() => void} draw
 */

/** @type {Map<string, Field>} */
export const fields = new Map();

/**
 * @param {string} key
 * @param {Control} control
 * @param {object} [how]
 * @param {"row" | "stack"} [how.layout]
 * @param {"at_once" | "by_form"} [how.saved]
 * @param {() => boolean} [how.off] disabled because of another setting
 * @param {(value: any) => import("../types.js").Changes} [how.along] what changes together with it
 * @param {HTMLElement} [how.below]
 * @param {{by: string, now: () => boolean}} [how.flawed] what is saved and yet not as it should be, said by another
 *   element
 * @returns {Field}
 */
export function field(key, control, { layout = "row", saved = "at_once", off, along, below, flawed } = {}) {
  const id = idOf(key);
  let dirty = false;
  /** What is on its way to be saved. */
  let sent = "";
  const title = make(control.kind === "one" ? "label" : "span", {
    class: "label",
    id: `${id}-label`,
    words: wordsOf(key),
  });
  if (control.kind === "one") title.setAttribute("for", id);
  const help = has(`${wordsOf(key)}-help`)
    ? make("p", { class: "help", id: `${id}-help`, words: `${wordsOf(key)}-help` })
    : null;
  const reason = make("span");
  const lock = make("p", { class: "lock", id: `${id}-lock`, hidden: true }, shape("lock", "shape small"), reason);
  const state = make("span", "state");
  const problem = make("span", { id: `${id}-problem` });
  const undo = button("settings-undo", () => giveUp(), { class: "undo" });
  const wrong = make("p", { class: "wrong", hidden: true }, shape("stopped", "shape small"), problem, undo);
  const node = make(
    "div",
    { class: `field ${layout}`, data: { field: key } },
    make("div", "about", title, help, lock),
    state,
    make("div", "control", control.node),
    below ?? null,
    wrong,
  );
  const described = [help?.id, lock.id, problem.id, flawed?.by].filter(Boolean).join(" ");
  const bearer = control.kind === "one" ? control.inputs()[0] : control.node;
  bearer.setAttribute("aria-describedby", described);
  if (control.kind === "group") {
    control.node.setAttribute("role", control.inputs()[0]?.type === "radio" ? "radiogroup" : "group");
    control.node.setAttribute("aria-labelledby", title.id);
  }

  /** @type {Field} */
  const made = {
    key,
    node,
    control,
    dirty: () => dirty && !same(control.read(), valueOf(key)),
    settle: () => (dirty = false),
    draw,
  };

  function giveUp() {
    dirty = false;
    forget([key]);
    bearer.focus();
  }

  async function commit() {
    const value = control.read();
    if (tooLong(value)) {
      notes.set(key, { state: "refused", problems: [{ key, code: "too_long" }], with: [key] });
      draw();
      return;
    }
    if (same(value, valueOf(key)) && !["refused", "failed"].includes(notes.get(key)?.state ?? "")) {
      dirty = false;
      draw();
      return;
    }
    // Enter is a key and a change.
    if (notes.get(key)?.state === "saving" && sent === JSON.stringify(value)) return;
    sent = JSON.stringify(value);
    const done = await save({ [key]: value, ...along?.(value) });
    // Typed on meanwhile: that is not saved yet.
    if (done && same(control.read(), value)) dirty = false;
    draw();
    announce(done ? words.with("settings-saved-of", { field: words.text(wordsOf(key)) }) : (problem.textContent ?? ""));
  }

  function draw() {
    const locked = isLocked(key);
    control.draw?.();
    if (!dirty || locked) control.write(valueOf(key));
    for (const input of control.inputs()) input.disabled = locked || (off?.() ?? false);
    node.classList.toggle("off", !locked && (off?.() ?? false));
    if (control.kind === "group") mark(control.node, "aria-disabled", locked || off?.() ? "true" : null);
    lock.hidden = !locked;
    if (locked) say(reason, words.with("settings-locked", { file: model.settings?.policy ?? "" }));
    const note = notes.get(key);
    const told = saved === "at_once" && (note?.state === "saved" || note?.state === "saving");
    state.dataset.state = told ? note.state : "";
    say(state, state.dataset.state ? words.text(`settings-${state.dataset.state}`) : "");
    const text = problemOf(key, dirty);
    say(problem, text);
    wrong.hidden = !text;
    undo.hidden = !(note?.state === "refused" || note?.state === "failed");
    bearer.setAttribute("aria-invalid", text || flawed?.now() ? "true" : "false");
  }

  control.node.addEventListener("input", () => (dirty = true));
  control.node.addEventListener("focusout", () => (dirty &&= !same(control.read(), valueOf(key))));
  if (saved === "at_once") {
    control.node.addEventListener("change", () => {
      dirty = true;
      commit();
    });
    // A text is taken on Enter as well, also where nothing was typed since it was refused.
    control.node.addEventListener("keydown", (event) => {
      const one = event.target instanceof HTMLInputElement && event.target.type === "text";
      if (event.key === "Enter" && one && !event.isComposing) commit();
    });
  }
  fields.set(key, made);
  drawWith(draw);
  return made;
}

/** @param {Value} value */
export const tooLong = (value) => (JSON.stringify(value) ?? "").length > LONGEST;

/** What is wrong with a key, in words; nothing when nothing is. @param {string} key @param {boolean} dirty */
export function problemOf(key, dirty) {
  const note = notes.get(key);
  if (note?.state === "failed") return faultText(note.fault);
  if (note?.state === "refused") {
    const of = (/** @type {string[]} */ keys) =>
      note.problems.filter((it) => keys.some((one) => concerns(it.key, one)));
    const mine = of([key]);
    // Each beside its own field; beside the changed ones when it is about none of them.
    return sentences(mine.length > 0 || of(note.with).length > 0 ? mine : note.problems);
  }
  if (dirty) return "";
  return sentences((model.settings?.problems ?? []).filter((it) => it.key === key && !isUntouched(it)));
}

/** @param {import("../types.js").Problem[]} problems */
const sentences = (problems) => [...new Set(problems.map(problemText))].join(" · ");

/** Whether a problem with `bindings.extension` is one of `bindings`. @param {string} problem @param {string} key */
const concerns = (problem, key) => problem === key || problem.startsWith(`${key}.`);

/**
 * That something is missing before anybody came here is not worth a warning.
 *
 * @param {import("../types.js").Problem} problem
 */
function isUntouched({ key, code }) {
  if (code !== "missing") return false;
  if (key.startsWith("pbx.") || key.startsWith("numbers.")) return valueOf("pbx.url") === null;
  return key.startsWith("desk.") && valueOf("desk.client_id") === null;
}

/** @param {import("../types.js").Problem} problem */
export function problemText({ key, code }) {
  const name = has(wordsOf(key)) ? words.text(wordsOf(key)) : key;
  return words.with("problem-line", { key: name, problem: words.ofCode("problem", code) });
}

/** @param {import("../types.js").Fault} fault */
export function faultText({ code, detail }) {
  const cause = words.ofCode("cause", code);
  const more = clean(detail);
  return words.with("settings-not-done", { cause: more ? `${cause} (${more})` : cause });
}
