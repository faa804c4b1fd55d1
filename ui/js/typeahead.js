/**
 * A field that searches while somebody types, with a list below it: arrows, Enter and Escape as in every combobox. The
 * newest question wins. Must not know what is searched for.
 */
import { debounced, element, say } from "./dom.js";

const TYPING_MS = 250;
let made = 0;

/**
 * One line of the list.
 *
 * @typedef {{node: HTMLElement, pick: () => void, key?: string}} Hit `key` says which it is when it comes again
 *
 * What was found. `more` asks somebody slower, when nobody types on; its hits take the place of these.
 *
 * @typedef {{hits: Hit[], note: string, more?: () => Promise<{hits: Hit[], note: string}>}} Finding
 */

export class Typeahead {
  /** @type {HTMLInputElement} */
  input;
  list = element("ul", "hits");
  /** Says why there is no list. */
  note = element("p", "hint quiet");
  #find;
  /** @type {Hit[]} */
  #hits = [];
  #active = -1;
  #asked = 0;
  /** The hits are those of the text. */
  #fresh = true;
  #typed;
  /** A text of its own counts, too: without a chosen hit, Enter is the form's. */
  #isFree;

  /**
   * @param {(text: string) => Promise<Finding>} find
   * @param {{label: string, hint: string, searching?: string, stays: boolean, input?: HTMLInputElement, typingMs?: number}} looks
   *   `stays`: the list is part of the page; `input`: a box that is there, whose text counts without a hit
   */
  constructor(find, { label, hint, searching = "", stays, input, typingMs = TYPING_MS }) {
    this.#find = find;
    this.#isFree = input !== undefined;
    this.input = input ?? element("input");
    this.#typed = debounced(typingMs, () => this.#search());
    const id = `typeahead-${++made}`;
    this.list.id = id;
    this.list.role = "listbox";
    this.list.setAttribute("aria-label", label);
    this.list.classList.toggle("floats", !stays);
    this.list.hidden = true;
    this.note.role = "status";
    Object.assign(this.input, { type: "text", role: "combobox", autocomplete: "off", spellcheck: false, placeholder: hint });
    this.input.setAttribute("aria-label", label);
    this.input.setAttribute("aria-controls", id);
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    this.input.addEventListener("input", () => {
      this.#fresh = false;
      this.#move(-1);
      if (this.#hits.length === 0) say(this.note, searching);
      this.#typed.later();
    });
    this.input.addEventListener("focus", () => {
      if (this.input.value.trim()) this.#typed.later();
    });
    this.input.addEventListener("keydown", (event) => this.#press(event));
    if (!stays) this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const node = /** @type {Element} */ (event.target).closest("[role=option]");
      this.#hits.find((hit) => hit.node === node)?.pick();
    });
  }

  close() {
    this.#typed.stop();
    this.#asked += 1;
    this.#show([], "");
  }

  /** Asks again at once. */
  again() {
    this.#typed.stop();
    this.#search();
  }

  async #search() {
    const mine = ++this.#asked;
    const { hits, note, more } = await this.#find(this.input.value.trim());
    if (mine !== this.#asked) return;
    this.#fresh = true;
    this.#show(hits, note);
    if (!more) return;
    await new Promise((done) => setTimeout(done, TYPING_MS));
    if (mine !== this.#asked || !this.#fresh) return;
    const later = await more();
    if (mine === this.#asked && this.#fresh) this.#show(later.hits, later.note);
  }

  /** @param {Hit[]} hits @param {string} note */
  #show(hits, note) {
    const chosen = this.#hits[this.#active]?.key;
    this.#hits = hits;
    for (const [at, { node }] of hits.entries()) {
      node.role = "option";
      node.id = `${this.list.id}-${at}`;
      node.setAttribute("aria-selected", "false");
    }
    this.list.replaceChildren(...hits.map(({ node }) => node));
    this.list.hidden = hits.length === 0;
    this.input.setAttribute("aria-expanded", String(hits.length > 0));
    say(this.note, note);
    const again = hits.findIndex(({ key }) => key !== undefined && key === chosen);
    const first = hits.length > 0 && !this.list.classList.contains("floats") ? 0 : -1;
    this.#move(again >= 0 ? again : first);
  }

  /** @param {number} to */
  #move(to) {
    this.#active = to;
    for (const [at, { node }] of this.#hits.entries()) {
      node.classList.toggle("active", at === to);
      node.setAttribute("aria-selected", String(at === to));
    }
    const node = this.#hits[to]?.node;
    if (node) this.input.setAttribute("aria-activedescendant", node.id);
    else this.input.removeAttribute("aria-activedescendant");
    node?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.#hits.length - 1;
    if (event.key === "ArrowDown" && last >= 0) this.#move(Math.min(this.#active + 1, last));
    else if (event.key === "ArrowUp" && last >= 0) this.#move(Math.max(this.#active - 1, 0));
    else if (event.key === "Enter") {
      if (this.#isFree && !this.#hits[this.#active]) return;
      // Never the form around it, and never a hit of another text.
      if (!this.#fresh && !this.#isFree) this.again();
      else this.#hits[this.#active]?.pick();
    }
    else if (event.key === "Escape" && last >= 0 && this.list.classList.contains("floats")) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
