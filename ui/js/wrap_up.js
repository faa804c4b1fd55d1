/**
 * What an agent is asked after an answered call: what came of it, and a note. Keeps what is typed until it is saved or
 * skipped. Must not know where the note goes.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").View} View
 * @typedef {import("./panel.js").Kit} Kit
 */
import { button, byId, debounced, element, inside, say } from "./dom.js";
import * as phrases from "./phrases.js";

const DIGITS = 9;
const KEEP_MS = 400;

export class WrapUp {
  #kit;
  #place = byId("wrap-up");
  /** The call that is asked about. @type {?Call} */
  #call = null;
  /** Calls that were answered here; the view follows. @type {Set<string>} */
  #done = new Set();
  #keep = debounced(KEEP_MS, () => this.#keepDraft());

  /** @param {Kit} kit */
  constructor(kit) {
    this.#kit = kit;
    for (const leaving of ["pagehide", "visibilitychange"]) addEventListener(leaving, () => this.#keep.now());
  }

  /** @param {View} view */
  draw(view) {
    const asked = [...view.calls, ...view.recent].filter(
      (call) => call.wrap_up?.asked && !this.#done.has(phrases.keyOfCall(call)),
    );
    // Somebody who is at it stays with it when another call ends.
    const going = asked.find((call) => this.#call && phrases.keyOfCall(call) === phrases.keyOfCall(this.#call));
    const call = going ?? asked.at(0) ?? null;
    if (call && going) this.#call = call;
    else if (call) this.#begin(call, view);
    else this.#end();
    if (call) this.#drawFixed(call, asked.length - 1);
  }

  /** A key outside of any field. @param {KeyboardEvent} event @returns {boolean} whether it was for here */
  press(event) {
    if (!this.#call || this.#place.hidden || !this.#place.contains(document.activeElement)) return false;
    if (event.key === "Escape") this.#skip();
    else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) this.#save();
    else if (/^[1-9]$/.test(event.key) && !(event.target instanceof HTMLTextAreaElement)) {
      const choice = this.#choices()[Number(event.key) - 1];
      if (!choice) return false;
      choice.checked = !choice.checked;
      choice.focus();
      this.#keep.later();
    } else return false;
    return true;
  }

  /** @param {Call} call @param {View} view */
  async #begin(call, view) {
    this.#keep.now();
    this.#call = call;
    const { words } = this.#kit;
    const title = element("h2", "", words.text("wrap-up-title"));
    const choices = element("div", "choices");
    choices.role = "radiogroup";
    choices.setAttribute("aria-label", words.text("wrap-up-disposition"));
    choices.hidden = view.dispositions.length === 0;
    for (const [at, disposition] of view.dispositions.entries()) {
      const input = element("input");
      Object.assign(input, { type: "radio", name: "disposition", value: disposition });
      const digit = at < DIGITS ? element("kbd", "", String(at + 1)) : element("span");
      digit.setAttribute("aria-hidden", "true");
      choices.append(element("label", "choice", input, digit, element("span", "", phrases.clean(disposition))));
    }
    choices.addEventListener("change", () => this.#keep.later());
    const note = element("textarea");
    note.rows = 1;
    note.maxLength = 10_000;
    note.dir = "auto";
    note.placeholder = words.text("wrap-up-note-hint");
    note.setAttribute("aria-label", words.text("wrap-up-note"));
    note.addEventListener("input", () => this.#keep.later());
    note.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      this.#save();
    });
    const keys = element("span", "keys quiet");
    const digits = Math.min(view.dispositions.length, DIGITS);
    say(keys, digits ? words.with("wrap-up-keys-digits", { count: digits }) : words.text("wrap-up-keys"));
    const acts = element(
      "div",
      "acts",
      keys,
      button("small skip", words.text("wrap-up-skip"), () => this.#skip()),
      button("small save", words.text("wrap-up-save"), () => this.#save()),
    );
    const head = element("div", "head", title, element("bdi", "caller"), element("span", "more quiet"));
    this.#place.replaceChildren(head, choices, note, acts);
    this.#place.hidden = false;
    const kept = await this.#kit.assist({ want: "draft", key: this.#key(call) }).catch(() => null);
    const values = kept?.draft?.values;
    if (!values || this.#call !== call || note.value) return;
    note.value = values.note ?? "";
    for (const choice of this.#choices()) choice.checked = choice.value === values.disposition;
  }

  /** @param {Call} call @param {number} others */
  #drawFixed(call, others) {
    const { words } = this.#kit;
    say(inside(this.#place, ".caller"), phrases.caller(call, words));
    say(inside(this.#place, ".more"), others > 0 ? words.with("wrap-up-more", { count: others }) : "");
  }

  #choices() {
    return /** @type {HTMLInputElement[]} */ ([...this.#place.querySelectorAll("input[type=radio]")]);
  }

  #typed() {
    const note = /** @type {HTMLTextAreaElement} */ (inside(this.#place, "textarea")).value.trim();
    return { note: note || null, disposition: this.#choices().find(({ checked }) => checked)?.value ?? null };
  }

  async #save() {
    const call = this.#call;
    if (!call) return;
    const { send, announce, words } = this.#kit;
    if (!(await send({ wrap_up: { call: call.call, extension: call.extension, ...this.#typed() } }))) return;
    announce(words.text("wrap-up-saved"));
    this.#finish(call);
  }

  async #skip() {
    const call = this.#call;
    if (!call) return;
    if (await this.#kit.send({ skip_wrap_up: { call: call.call, extension: call.extension } })) this.#finish(call);
  }

  /** @param {Call} call */
  #finish(call) {
    this.#keep.stop();
    this.#done.add(phrases.keyOfCall(call));
    this.#kit.assist({ want: "discard_draft", key: this.#key(call) }).catch(() => {});
    this.#call = null;
    this.#kit.redraw();
  }

  #end() {
    this.#keep.now();
    this.#call = null;
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }

  #keepDraft() {
    const call = this.#call;
    if (!call) return;
    const { note, disposition } = this.#typed();
    const values = { note: note ?? "", disposition: disposition ?? "" };
    const draft = { key: this.#key(call), kind: "wrap-up", call: call.call, extension: call.extension, values };
    this.#kit.assist({ want: "keep_draft", draft }).catch(() => {});
  }

  /** @param {Call} call */
  #key(call) {
    return `wrap-up ${phrases.keyOfCall(call)}`;
  }
}
