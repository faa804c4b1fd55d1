/**
 * What the window knows: the last stage and settings it was given, and what a person changed that is not saved. Must
 * not know any element.
 *
 * A change that is refused, or that nobody was there to take, is kept as a draft and sent along with the next one: a
 * switch that needs another field first works as soon as that field is filled in.
 *
 * @typedef {import("../types.js").Changes} Changes
 * @typedef {import("../types.js").Fault} Fault
 * @typedef {import("../types.js").Problem} Problem
 * @typedef {import("../types.js").Settings} Settings
 * @typedef {import("../types.js").Stage} Stage
 * @typedef {import("../types.js").Value} Value
 * @typedef {{state: "saving" | "saved"} | {state: "refused", problems: Problem[], with: string[]}
 *   | {state: "failed", fault: Fault}} Note
 */
import * as backend from "../backend.js";

/** A fault of the engine not being there: what was wanted can be wanted again. */
const AWAY = "not_running";
const SAVED_SHOWN_MS = 2500;

/** @type {{stage: Stage, settings: ?Settings, fault: ?Fault}} */
export const model = { stage: { stage: "waiting" }, settings: null, fault: null };

/** What became of the last change of a key. @type {Map<string, Note>} */
export const notes = new Map();
/** @type {Map<string, Value>} */
const drafts = new Map();
/** @type {Set<() => void>} */
const drawers = new Set();
let drawing = false;
/** Changes go one after the other. @type {Promise<unknown>} */
let turn = Promise.resolve();

/** Calls `draw` after each change of what is known. @param {() => void} draw */
export const drawWith = (draw) => drawers.add(draw);

/** Draws everything, once for all changes of a moment. */
export function changed() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    for (const draw of drawers) draw();
  });
}

export const view = () => (model.stage.stage === "connected" ? model.stage.view : null);

/** @param {string} key @returns {any} */
export const valueOf = (key) => key.split(".").reduce((at, part) => at?.[part], model.settings?.settings) ?? null;

/** @param {string} key */
export const isLocked = (key) => model.settings?.locked.some((it) => it === key || key.startsWith(`${it}.`)) ?? false;

/** @param {unknown} error @returns {Fault} */
export function faultOf(error) {
  const fault = /** @type {any} */ (error);
  if (typeof fault?.code === "string") return { code: fault.code, detail: fault.detail ?? null };
  return { code: "other", detail: typeof fault === "string" ? fault : null };
}

/** @param {Settings} settings */
export function take(settings) {
  model.settings = settings;
  model.fault = null;
  changed();
}

export function load() {
  // An answer that is older than that of a change must not come after it.
  const mine = turn.then(async () => {
    try {
      take(await backend.want({ want: "settings" }));
    } catch (error) {
      model.fault = faultOf(error);
      changed();
    }
  });
  turn = mine;
  return mine;
}

/** @param {Changes} changes @returns {Promise<Settings>} */
const ask = (changes) => backend.want({ want: "change", changes });

/**
 * Saves, and keeps as drafts what could not be saved.
 *
 * @param {Changes} changes
 * @returns {Promise<boolean>} whether these changes are saved
 */
export function save(changes) {
  const mine = turn.then(() => attempt(changes));
  turn = mine.catch(() => {});
  return mine;
}

/** @param {Changes} changes */
async function attempt(changes) {
  const keys = Object.keys(changes);
  keys.forEach((key) => {
    drafts.delete(key);
    notes.set(key, { state: "saving" });
  });
  changed();
  const waiting = Object.fromEntries(drafts);
  let sent = { ...waiting, ...changes };
  try {
    let answer = await ask(sent);
    if (answer.refused.length > 0 && drafts.size > 0) {
      sent = changes;
      answer = await ask(sent);
    }
    const done = answer.refused.length === 0;
    if (done) settle(Object.keys(sent));
    else keep(changes, { state: "refused", problems: answer.refused, with: keys });
    take(answer);
    return done;
  } catch (error) {
    keep(changes, { state: "failed", fault: faultOf(error) });
    changed();
    return false;
  }
}

/** @param {string[]} keys */
function settle(keys) {
  for (const key of keys) {
    /** @type {Note} */
    const note = { state: "saved" };
    drafts.delete(key);
    notes.set(key, note);
    setTimeout(() => {
      if (notes.get(key) !== note) return;
      notes.delete(key);
      changed();
    }, SAVED_SHOWN_MS);
  }
}

/** @param {Changes} changes @param {Note} note */
function keep(changes, note) {
  for (const [key, value] of Object.entries(changes)) {
    drafts.set(key, value);
    notes.set(key, note);
  }
}

/** Gives up what was not saved. @param {string[]} keys */
export function forget(keys) {
  for (const key of keys) {
    drafts.delete(key);
    notes.delete(key);
  }
  changed();
}

/** What nobody was there to take is sent when somebody is. */
export function retry() {
  const missed = [...notes].filter(([, note]) => note.state === "failed" && note.fault.code === AWAY);
  const entries = missed.flatMap(([key]) => (drafts.has(key) ? [[key, drafts.get(key)]] : []));
  if (entries.length > 0) save(Object.fromEntries(entries));
}
