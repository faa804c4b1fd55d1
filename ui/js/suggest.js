/**
 * The list below a box for a number: whom somebody may mean. What is known here shows at once, Desk's customers below it
 * when they come. Must not know what is done with the number.
 *
 * @typedef {import("./types.js").Suggestion} Suggestion
 * @typedef {import("./types.js").DeskPart} DeskPart
 * @typedef {import("./panel.js").Kit} Kit
 */
import { element, shape } from "./dom.js";
import * as phrases from "./phrases.js";
import { Typeahead } from "./typeahead.js";

/** Nothing waits on the network before these show. */
const TYPING_MS = 80;
const SHAPES = { extension: "internal", recent: "history", contact: "contact", account: "account" };

/**
 * Has a box suggest numbers; the list is to be put below it. Enter without a chosen row is left to the box.
 *
 * @param {Kit} kit
 * @param {HTMLInputElement} input
 * @param {{label: string, purpose: "dial" | "transfer", pick: (number: string) => void}} use
 * @returns {Typeahead & {drop: HTMLElement}}
 */
export function suggesting(kit, input, { label, purpose, pick }) {
  const { words } = kit;
  const find = async (/** @type {string} */ text) => {
    if (!text) return { hits: [], note: "" };
    const ask = (/** @type {"known" | "desk"} */ where) => kit.assist({ want: "suggest", text, purpose, in: where });
    const drawn = (/** @type {{rows: Suggestion[], desk: DeskPart}} */ answer) => drawRows(answer, kit, text, pick);
    const failed = (/** @type {any} */ fault) => ({ state: "failed", cause: fault?.code ?? "other" });
    const known = await ask("known").catch((fault) => ({ rows: [], desk: failed(fault) }));
    const more = () => ask("desk").catch((fault) => ({ ...known, desk: failed(fault) }));
    return { ...drawn(known), more: known.desk.state === "not_asked" ? async () => drawn(await more()) : undefined };
  };
  const hint = words.text("dial-box-hint");
  const ahead = new Typeahead(find, { label, hint, stays: false, input, typingMs: TYPING_MS });
  return Object.assign(ahead, { drop: element("div", "drop", ahead.list, ahead.note) });
}

/** @param {{rows: Suggestion[], desk: DeskPart}} answer @param {Kit} kit @param {string} text @param {(number: string) => void} pick */
function drawRows({ rows, desk }, { words, view }, text, pick) {
  const shown = view()?.caller_shown ?? "hidden";
  const seen = rows.filter(({ kind }) => shown !== "hidden" || kind === "extension");
  const hits = seen.map((row) => ({
    // Desk may tell a name for a number that stood there without one.
    key: `${row.kind} ${row.number}`,
    node: element("li", "hit person", shape(SHAPES[row.kind] ?? "phone"), lines(phrases.suggestion(row, shown, words))),
    pick: () => pick(row.number),
  }));
  const isName = !/\p{N}/u.test(text);
  const notes = {
    off: isName && rows.length === 0 ? words.with("add-none", { text }) : "",
    not_asked: words.text("suggest-searching"),
    answered: isName && rows.length === 0 ? words.with("add-none", { text }) : "",
    failed: words.with("suggest-desk-failed", { cause: words.ofCode("cause", desk.cause ?? "other") }),
  };
  return { hits, note: seen.length < rows.length ? words.text("suggest-hidden") : notes[desk.state] };
}

/** @param {{name: string, number: string, about: string, kind: string}} row */
function lines({ name, number, about, kind }) {
  const first = element("span", "name", name || number);
  first.dir = "auto";
  const second = element("span", "about quiet");
  if (name && number) second.append(element("bdi", "number", number), about ? " · " : "");
  second.append(element("bdi", "", about), element("span", "unseen", ` ${kind}`));
  const both = element("span", "lines", first, second);
  both.title = [name, number, about].filter(Boolean).join("\n");
  return both;
}
