/**
 * "Add this number to an existing contact": a search, and the one that is chosen. Must not know the form.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").CustomerRecord} CustomerRecord
 * @typedef {import("./panel.js").Kit} Kit
 */
import { button, element, shape } from "./dom.js";
import { personLines } from "./form.js";
import { numberText, recordName } from "./phrases.js";
import { Typeahead } from "./typeahead.js";

const SHORTEST = 2;

export class Adding {
  element = element("section", "form adding");
  #kit;
  #done;
  #busy = false;

  /** @param {Kit} kit @param {() => void} done goes back to the calls */
  constructor(kit, done) {
    this.#kit = kit;
    this.#done = done;
  }

  /** @param {Call} call */
  show(call) {
    const { words } = this.#kit;
    const back = button("icon back", "", this.#done);
    back.append(shape("back"));
    back.setAttribute("aria-label", words.text("form-back"));
    const title = element("h1", "", words.with("add-title", { number: numberText(call, words) }));
    const says = element("div", "says");
    says.role = "alert";
    const ahead = new Typeahead((text) => this.#find(text, call, says), {
      label: words.text("add-search"),
      hint: words.text("add-hint"),
      searching: words.text("add-searching"),
      stays: true,
    });
    ahead.note.textContent = words.text("add-start");
    const search = element("div", "search", shape("search", "shape small"), ahead.input);
    this.element.replaceChildren(element("div", "head", back, title), search, says, ahead.note, ahead.list);
    ahead.input.focus();
  }

  /** @param {string} text @param {Call} call @param {HTMLElement} says */
  async #find(text, call, says) {
    const { words, assist } = this.#kit;
    if ([...text].length < SHORTEST) return { hits: [], note: words.text("add-start") };
    try {
      const { records } = await assist({ want: "find", text, kind: null });
      const hits = records.map((/** @type {CustomerRecord} */ record) => ({
        node: element("li", "hit person", ...personLines(record, words)),
        pick: () => void this.#add(record, call, says),
      }));
      return { hits, note: hits.length > 0 ? "" : words.with("add-none", { text }) };
    } catch (fault) {
      return { hits: [], note: words.with("add-failed", { cause: words.ofCode("cause", /** @type {any} */ (fault).code) }) };
    }
  }

  /** @param {CustomerRecord} record @param {Call} call @param {HTMLElement} says */
  async #add(record, call, says) {
    if (this.#busy) return;
    this.#busy = true;
    const { words, assist, send, announce } = this.#kit;
    const { kind, id } = record;
    const name = recordName(record, words);
    try {
      const answer = await assist({ want: "add_number", call: call.call, kind, id });
      if (answer.answer === "saved") {
        announce(words.with("add-added", { name }));
        this.#done();
        return;
      }
      const use = button("small", words.text("add-use-anyway"), async () => {
        if (await send({ choose: { call: call.call, kind, id } })) this.#done();
      });
      says.replaceChildren(element("div", "note", element("p", "", words.with("add-occupied", { name })), use));
      use.focus();
    } catch (fault) {
      const cause = words.ofCode("cause", /** @type {any} */ (fault).code);
      says.replaceChildren(element("div", "note bad", element("p", "", words.with("panel-failed", { cause }))));
    } finally {
      this.#busy = false;
    }
  }
}
