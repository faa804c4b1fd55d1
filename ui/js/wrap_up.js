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
  #sending = false;
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
    if (call) this.#drawFixed(phrases.asOthersSee(call, view.caller_shown), asked.length - 1);
  }

  /**
   * A key that nobody else took.
   *
   * @param {KeyboardEvent} event
   * @param {boolean} digits whether digits are for here while nothing has the focus
   * @returns {boolean} whether it was for here
   */
  press(event, digits) {
    const isHere = this.#place.contains(document.activeElement);
    if (!this.#call || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (!isHere && !(digits && document.activeElement === document.body && /^[1-9]$/.test(event.key))) return false;
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
    if (await this.#send({ wrap_up: { call: call.call, extension: call.extension, ...this.#typed() } }, call)) {
      this.#kit.announce(this.#kit.words.text("wrap-up-saved"));
    }
  }

  async #skip() {
    const call = this.#call;
    if (call) await this.#send({ skip_wrap_up: { call: call.call, extension: call.extension } }, call);
  }

  /** Once, however often it is pressed. @param {object} command @param {Call} call */
  async #send(command, call) {
    if (this.#sending) return false;
    this.#sending = true;
    const done = await this.#kit.send(command);
    this.#sending = false;
    if (done) this.#finish(call);
    return done;
  }

  /** @param {Call} call */
  #finish(call) {
    this.#keep.stop();
    this.#done.add(phrases.keyOfCall(call));
    this.#kit.assist({ want: "discard_draft", key: this.#key(call) }).catch(() => {});
    this.#call = null;
    const wasHere = this.#place.contains(document.activeElement);
    this.#kit.redraw();
    if (!wasHere) return;
    // On to the next call, or to what is below.
    const next = this.#place.querySelector("textarea") ?? document.querySelector(".card .lands, .row .lands");
    /** @type {?HTMLElement} */ (next)?.focus();
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
