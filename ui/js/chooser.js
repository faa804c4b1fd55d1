/**
 * Whose call it is when several records have the number: a list to choose from with the mouse, the arrows, or a digit
 * for the first nine. Keeps what was typed and pressed until the call belongs to one of them. Must not know where it
 * is shown, nor what a choice sets off.
 *
 * The focus is on the options themselves, one of them in the order of Tab: screen readers then hand over arrows and
 * digits instead of reading on with them. While somebody types into the filter, digits are text.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").CustomerRecord} CustomerRecord
 * @typedef {import("./types.js").About_record} AboutRecord
 * @typedef {import("./panel.js").Kit} Kit
 * @typedef {{element: HTMLElement, record: CustomerRecord, found: string}} Match
 */
import { debounced, mark, reshape, say } from "./dom.js";
import { ago, clean, fold, recordName } from "./phrases.js";

/** As many digits as a keyboard has. */
const DIGITS = 9;
/** How long a choice may stay without an effect before another try is offered. */
const PATIENCE_MS = 10_000;
/** Somebody who stays this long with what is in sight looks at it. */
const REST_MS = 300;

let made = 0;

/** @param {string} id @returns {HTMLElement} */
const copyOf = (id) =>
  /** @type {HTMLElement} */ (
    /** @type {HTMLTemplateElement} */ (document.getElementById(id)).content.firstElementChild?.cloneNode(true)
  );

/** @param {{kind: string, id: string}} record */
const keyOf = ({ kind, id }) => `${kind} ${id}`;

export class Chooser {
  element = copyOf("chooser");
  #kit;
  #words;
  #choose;
  #number = ++made;
  #heading = this.#part(".heading");
  #keys = this.#part(".keys");
  #find = this.#part(".find");
  #count = this.#part(".count");
  #filter = /** @type {HTMLInputElement} */ (this.#part(".filter"));
  #list = this.#part(".matches");
  #none = this.#part(".none-found");
  /** @type {Match[]} */
  #matches = [];
  /** The ones that pass the filter. @type {Match[]} */
  #shown = [];
  /** The one that Tab and Enter mean. @type {?string} */
  #active = null;
  /** The one that was chosen, until the call belongs to it. @type {?string} */
  #pending = null;
  #patience = 0;
  /** What was asked about records, so that each costs once. @type {Map<string, ?AboutRecord>} */
  #about = new Map();
  /** While somebody types or scrolls, nothing is asked. */
  #later = debounced(REST_MS, () => this.#learn());
  #drawn = "";

  /**
   * @param {Kit} kit
   * @param {(record: CustomerRecord) => Promise<boolean>} choose answers whether the choice is on its way
   */
  constructor(kit, choose) {
    const { words } = kit;
    this.#kit = kit;
    this.#words = words;
    this.#choose = choose;
    const id = `chooser-${this.#number}`;
    this.element.id = id;
    this.#heading.id = `${id}-heading`;
    this.#list.id = `${id}-list`;
    this.#list.setAttribute("aria-labelledby", this.#heading.id);
    this.#filter.setAttribute("aria-controls", this.#list.id);
    const label = words.text("chooser-filter");
    this.#filter.placeholder = label;
    this.#filter.setAttribute("aria-label", label);
    say(this.#none, words.text("chooser-none-found"));
    this.#filter.addEventListener("input", () => this.#refilter());
    this.element.addEventListener("keydown", (event) => {
      if (!(event.target instanceof HTMLInputElement)) this.press(event);
      else this.#pressInFilter(event);
    });
    this.#list.addEventListener("click", (event) => {
      const match = this.#matchAt(event.target);
      if (match) this.#pick(match);
    });
    this.#list.addEventListener("scroll", () => this.#later.later(), { passive: true });
    this.#list.addEventListener("focusin", (event) => {
      const match = this.#matchAt(event.target);
      if (match) this.#activate(match);
    });
  }

  /** @param {Call} call */
  draw(call) {
    const records = [...new Map(call.who.records.map((record) => [keyOf(record), record])).values()];
    const drawn = JSON.stringify(records);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    say(this.#heading, this.#words.with("chooser-heading", { count: records.length }));
    say(this.#keys, this.#words.with("chooser-keys", { count: Math.min(records.length, DIGITS) }));
    this.#keys.hidden = records.length > DIGITS;
    this.#find.hidden = records.length <= DIGITS;
    const held = this.#list.contains(document.activeElement);
    this.#matches = records.map((record) => this.#makeMatch(record));
    this.#list.replaceChildren(...this.#matches.map(({ element }) => element));
    this.#refilter();
    if (held) this.#focusActive();
  }

  /** Whether somebody is at it. */
  get isHeld() {
    return this.element.contains(document.activeElement) || this.element.matches(":hover");
  }

  /** Puts the focus where choosing begins. */
  focus() {
    this.#focusActive();
  }

  /** Whether the digits beside the matches choose now. @param {boolean} listens */
  listen(listens) {
    this.element.classList.toggle("listening", listens);
  }

  /** Undoes what was typed; `false` when nothing was. */
  clear() {
    if (!this.#filter.value) return false;
    this.#filter.value = "";
    this.#refilter();
    return true;
  }

  /** A key that was pressed outside of any field. @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    const inList = this.#list.contains(document.activeElement);
    const at = this.#shown.findIndex(({ record }) => keyOf(record) === this.#active);
    const { key } = event;
    if (/^[1-9]$/.test(key)) {
      const match = this.#shown[Number(key) - 1];
      if (match && !event.repeat) this.#pick(match);
    } else if (inList && (key === "Enter" || key === " ")) {
      if (this.#shown[at] && !event.repeat) this.#pick(this.#shown[at]);
    } else if (key === "ArrowUp" && inList && at === 0 && !this.#find.hidden) {
      this.#filter.focus();
    } else if (inList || (key === "ArrowDown" && this.#isNear())) {
      const to = inList ? this.#reach(key, at) : Math.max(at, 0);
      if (to !== null) {
        this.#activate(this.#shown[to]);
        this.#focusActive();
      } else if (this.#isText(key)) {
        // The character itself arrives in the field, after this.
        this.#filter.focus();
        return;
      } else return;
    } else if (this.#isText(key) && this.#isNear()) {
      this.#filter.focus();
      return;
    } else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #pressInFilter(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const at = this.#shown.findIndex(({ record }) => keyOf(record) === this.#active);
    if (event.key === "Enter") {
      if (this.#shown[at] && !event.repeat) this.#pick(this.#shown[at]);
    } else if (["ArrowUp", "ArrowDown", "PageUp", "PageDown"].includes(event.key)) {
      const to = this.#reach(event.key, at);
      if (to === null) return;
      this.#activate(this.#shown[to]);
      this.#shown[to].element.scrollIntoView({ block: "nearest" });
    } else return;
    event.preventDefault();
  }

  /** Whether the focus is nowhere, or beside the list: a key may bring it there. */
  #isNear() {
    const focused = document.activeElement;
    return focused === document.body || this.element.parentElement?.contains(focused);
  }

  /** Whether a key types something into the filter. @param {string} key */
  #isText(key) {
    return !this.#find.hidden && /^[\p{L}\p{N}]$/u.test(key);
  }

  /** Where a key leads from the match at this place; nowhere when it is not for moving. @param {string} key @param {number} at */
  #reach(key, at) {
    const last = this.#shown.length - 1;
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - 5, PageDown: at + 5, Home: 0, End: last }[key];
    return to === undefined || last < 0 ? null : Math.min(Math.max(to, 0), last);
  }

  /** @param {CustomerRecord} record @returns {Match} */
  #makeMatch(record) {
    const element = copyOf("match");
    const { kind, id, page } = record;
    const name = recordName(record, this.#words);
    const isNamed = name !== this.#words.text("chooser-nameless");
    const company = clean(record.company);
    const refused = page === null ? this.#words.ofCode("off", "address_refused") : "";
    const notes = [company === name ? "" : company, clean(record.email), refused];
    const about = notes.filter(Boolean).join(" · ");
    const word = this.#words.ofCode("record", kind);
    element.id = `chooser-${this.#number}-${this.#matchId(record)}`;
    element.dataset.kind = kind;
    element.dataset.id = id;
    element.classList.toggle("nameless", !isNamed);
    reshape(/** @type {Element} */ (element.querySelector("svg")), kind === "account" ? "account" : "contact");
    const parts = { name, company: about, last: "", kind: word, opening: this.#words.text("chooser-opening") };
    for (const [part, text] of Object.entries(parts)) {
      say(/** @type {Element} */ (element.querySelector(`.${part}`)), text);
    }
    const lines = /** @type {HTMLElement} */ (element.querySelector(".lines"));
    lines.title = [name, about, word].filter(Boolean).join("\n");
    this.#drawLast(element, record);
    return { element, record, found: fold(`${name} ${company} ${clean(record.email)} ${word}`) };
  }

  /** The last ticket and the last activity; its room is there before it comes. @param {HTMLElement} element @param {CustomerRecord} record */
  #drawLast(element, record) {
    const about = this.#about.get(keyOf(record));
    const active = Math.max(about?.active_ms ?? 0, record.changed_ms ?? 0);
    const subject = clean(about?.ticket);
    const ticket = subject
      ? this.#words.with(about?.ticket_open ? "chooser-ticket-open" : "chooser-ticket", { subject })
      : about && this.#words.text("chooser-no-ticket");
    const since = active > 0 ? this.#words.with("chooser-active", { ago: ago(active, Date.now(), this.#words) }) : "";
    const last = /** @type {HTMLElement} */ (element.querySelector(".last"));
    const text = [ticket, since].filter(Boolean).join(" · ");
    say(last, text);
    mark(last, "title", text || null);
  }

  /** Asks about those that a person sees; a few credits each, once. */
  async #learn() {
    const { scrollTop, clientHeight } = this.#list;
    const isSeen = (/** @type {Match} */ { element: { offsetTop, offsetHeight } }) =>
      offsetTop + offsetHeight > scrollTop && offsetTop < scrollTop + clientHeight;
    const seen = scrollTop > 0 ? this.#shown.filter(isSeen) : this.#shown;
    const wanted = seen.slice(0, DIGITS).map(({ record }) => record);
    const unknown = wanted.filter((record) => !this.#about.has(keyOf(record)));
    if (unknown.length === 0) return;
    for (const record of unknown) this.#about.set(keyOf(record), null);
    const records = unknown.map(({ kind, id }) => ({ kind, id }));
    try {
      const answer = await this.#kit.assist({ want: "about", records });
      for (const about of answer.records) this.#about.set(keyOf(about), about);
    } catch {
      // They are chosen among all the same.
      return;
    }
    for (const { element, record } of this.#matches) this.#drawLast(element, record);
  }

  /** @param {CustomerRecord} record */
  #matchId(record) {
    return keyOf(record).replaceAll(/[^\w]/g, "-");
  }

  #refilter() {
    const wanted = fold(this.#filter.value).split(" ").filter(Boolean);
    this.#shown = this.#matches.filter(({ element, found }) => {
      element.hidden = !wanted.every((word) => found.includes(word));
      return !element.hidden;
    });
    for (const { element } of this.#matches) this.#drawDigit(element, "");
    for (const [at, { element }] of this.#shown.slice(0, DIGITS).entries()) this.#drawDigit(element, String(at + 1));
    const [count, all] = [this.#shown.length, this.#matches.length];
    say(this.#count, wanted.length ? this.#words.with("chooser-count", { count, all }) : "");
    this.#none.hidden = count > 0;
    this.#list.hidden = count === 0;
    this.#filter.setAttribute("aria-expanded", String(count > 0));
    const still = this.#shown.find(({ record }) => keyOf(record) === this.#active);
    this.#activate(wanted.length ? this.#shown[0] : (still ?? this.#shown[0]));
    this.#list.scrollTop = 0;
    this.#drawPending();
    if (wanted.length > 0) this.#later.later();
    else this.#learn();
  }

  /** @param {HTMLElement} element @param {string} digit */
  #drawDigit(element, digit) {
    // A picture to look at; the shortcut is an attribute.
    /** @type {HTMLElement} */ (element.querySelector("kbd")).dataset.digit = digit;
    if (digit) element.setAttribute("aria-keyshortcuts", digit);
    else element.removeAttribute("aria-keyshortcuts");
  }

  /** @param {Match | undefined} match */
  #activate(match) {
    this.#active = match ? keyOf(match.record) : null;
    for (const { element, record } of this.#matches) {
      const isActive = keyOf(record) === this.#active;
      element.tabIndex = isActive ? 0 : -1;
      element.classList.toggle("active", isActive);
    }
    if (match) this.#filter.setAttribute("aria-activedescendant", match.element.id);
    else this.#filter.removeAttribute("aria-activedescendant");
  }

  #focusActive() {
    this.#shown.find(({ record }) => keyOf(record) === this.#active)?.element.focus();
  }

  /** @param {Match} match */
  async #pick(match) {
    const key = keyOf(match.record);
    if (this.#pending === key) return;
    this.#pending = key;
    this.#activate(match);
    this.#drawPending();
    this.#kit.announce(this.#words.with("chooser-chosen", { name: recordName(match.record, this.#words) }));
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#settle(key), PATIENCE_MS);
    if (!(await this.#choose(match.record))) this.#settle(key);
  }

  /** Nothing came of a choice: it can be made again. @param {string} key */
  #settle(key) {
    if (this.#pending !== key) return;
    this.#pending = null;
    this.#drawPending();
  }

  #drawPending() {
    this.element.classList.toggle("pending", this.#pending !== null);
    for (const { element, record } of this.#matches) {
      const isPending = keyOf(record) === this.#pending;
      element.setAttribute("aria-selected", String(isPending));
      element.classList.toggle("picked", isPending);
    }
  }

  /** @param {EventTarget | null} target */
  #matchAt(target) {
    const element = target instanceof Element ? target.closest(".match") : null;
    return this.#matches.find((match) => match.element === element);
  }

  /** @param {string} selector @returns {HTMLElement} */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }
}
