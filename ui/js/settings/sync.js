/**
 * Copying contacts to the phonebook of the PBX: how it goes, Sync now and Stop, who is left out and why, and the names
 * of the phonebooks there are. Must not know when something is copied.
 *
 * @typedef {{kind: string, id: string, label: string | null, reason: string}} LeftOut
 * @typedef {{name: string, count: number | null, everybody: boolean}} Phonebook
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { make, reshape, say, words } from "./dom.js";
import { faultText } from "./fields.js";
import { card, help, note, worker } from "./forms.js";
import { changed, drawWith, faultOf, valueOf, view } from "./model.js";

/** @type {?import("../types.js").Fault} */
let fault = null;
/** @type {LeftOut[]} */
let leftOut = [];
let more = false;
/** For how many the list was read. */
let read = -1;
/** Whether the phonebooks were asked for since somebody came. */
let isAsked = false;

/** @param {{want: string, [value: string]: unknown}} request @returns {Promise<any>} */
async function ask(request) {
  fault = null;
  try {
    return await backend.want(request);
  } catch (error) {
    fault = faultOf(error);
    return null;
  } finally {
    changed();
  }
}

async function readLeftOut() {
  const answer = await ask({ want: "not_synced", offset: 0 });
  if (answer?.answer !== "not_synced") return;
  ({ rows: leftOut, more } = answer);
  changed();
}

// The phonebooks to choose from

const names = make("datalist", { id: "phonebooks" });

async function readPhonebooks() {
  // Without a PBX there is nothing to choose from, and the name can be typed all the same.
  const answer = await backend.want({ want: "phonebooks" }).catch(() => null);
  if (answer?.answer !== "phonebooks") return;
  const all = /** @type {Phonebook[]} */ (answer.phonebooks).filter((it) => !it.everybody);
  names.replaceChildren(
    ...all.map(({ name, count }) => {
      const option = make("option", { value: name });
      if (count !== null) option.label = words.with("settings-sync-phonebook-count", { name: clean(name), count });
      return option;
    }),
  );
}

/** Offers the phonebooks where one is typed. @param {import("./fields.js").Control} control */
export function offeringPhonebooks(control) {
  const [input] = control.inputs();
  input.setAttribute("list", names.id);
  input.addEventListener("focus", () => {
    if (!isAsked) readPhonebooks();
    isAsked = true;
  });
  return control;
}

// How it goes

const state = make("p", { role: "status" });
const facts = make("ul", { class: "help", id: "sync-facts" });
const box = note("info", state, facts);
box.id = "sync-state";
const start = worker("settings-sync-now", () => ask({ want: "sync_now" }), { class: "button primary", id: "sync-now" });
const stop = worker("settings-sync-stop", () => ask({ want: "stop_sync" }), { id: "sync-stop" });
const problem = make("div", { role: "alert" });
const rows = make("ul", { id: "sync-left-out" });
const rest = help("settings-sync-more");
const list = make("details", {}, make("summary", { words: "settings-sync-left-out" }), rows, rest);

export const syncCard = card(
  "settings-sync",
  help("settings-sync-help"),
  box,
  problem,
  make("div", "buttons start", start, stop),
  list,
  names,
);

/** @type {Record<string, ["info" | "warn" | "bad" | "good", string]>} */
const LOOKS = {
  idle: ["good", "up"],
  copying: ["info", "off"],
  running: ["info", "off"],
  waiting: ["warn", "stopped"],
  refused: ["bad", "down"],
};

/** @param {import("../types.js").Sync} sync @returns {string[]} */
function told(sync) {
  const { copied, same, skipped, failed } = sync;
  return [
    sync.round ? words.ofCode("sync-round", sync.round, {}) : "",
    sync.step ? words.ofCode("sync-step", sync.step, {}) : "",
    sync.round ? words.with("sync-counts", { copied, same, skipped, failed }) : "",
    sync.round && sync.total ? words.with("sync-total", { done: copied + same + skipped + failed, total: sync.total }) : "",
    sync.per_minute === null ? "" : words.with("sync-speed", { count: sync.per_minute }),
    sync.waiting > 0 ? words.with("sync-queue", { count: sync.waiting }) : "",
    sync.credits_left === null ? "" : words.with("sync-credits", { count: sync.credits_left }),
  ].filter(Boolean);
}

drawWith(() => {
  const sync = view()?.sync;
  const isOn = Boolean(sync?.state) && valueOf("contact_sync.enabled") === true;
  syncCard.hidden = !isOn;
  if (!sync || !isOn) return;
  const [tone, name] = LOOKS[sync.state] ?? LOOKS.waiting;
  box.dataset.tone = tone;
  box.dataset.state = sync.state;
  reshape(/** @type {Element} */ (box.firstElementChild), name);
  const text = words.ofCode("sync", sync.state, { phonebook: clean(sync.phonebook ?? "") });
  say(state, sync.cause ? `${text}: ${words.ofCode("cause", sync.cause, {})}` : text);
  const lines = told(sync);
  if ([...facts.children].map((it) => it.textContent).join("\n") !== lines.join("\n")) {
    facts.replaceChildren(...lines.map((line) => make("li", {}, line)));
  }
  const isRunning = sync.round === "running";
  start.hidden = isRunning;
  stop.hidden = !isRunning;
  const wrong = fault ? faultText(fault) : "";
  if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
  // Read again when their number has changed and nothing is going on.
  const count = isRunning ? read : sync.skipped + sync.failed;
  if (count !== read) {
    read = count;
    readLeftOut();
  }
  list.hidden = leftOut.length === 0;
  rest.hidden = !more;
  const listed = leftOut.map((row) => `${clean(row.label ?? row.id)}: ${words.ofCode("not-synced", row.reason, {})}`);
  if ([...rows.children].map((it) => it.textContent).join("\n") !== listed.join("\n")) {
    rows.replaceChildren(...listed.map((line) => make("li", {}, line)));
  }
});
