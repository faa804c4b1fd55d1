/**
 * The history: which calls, by what is looked for, page by page; a row opens to all there is to know and to do. Keeps
 * what was read of it and which row is open. Must not know the calls that are on.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").View} View
 * @typedef {import("./choosing.js").Choosing} Choosing
 * @typedef {import("./panel.js").Kit} Kit
 */
import { drawOpen } from "./card.js";
import { button, byId, debounced, element, inside, keyed, reshape, say, shape } from "./dom.js";
import * as phrases from "./phrases.js";
import { Written } from "./written.js";

const PAGE = 50;
/** A view may change many times in a moment. */
const REREAD_MS = 250;
/** Somebody types. */
const SEARCH_MS = 200;
/** Pressing twice calls once. */
const CALL_ONCE_MS = 2000;
const FILTERS = /** @type {const} */ (["all", "missed", "unknown"]);

export class History {
  #kit;
  #choosing;
  /** @type {"all" | "missed" | "unknown"} */
  #filter = "all";
  /** What was read beyond the calls of the view. @type {Call[]} */
  #read = [];
  #more = true;
  /** Which question the newest answer must belong to. */
  #asked = 0;
  #reading = false;
  #failed = "";
  #changes = -1;
  /** Calls that are being called back. @type {Set<string>} */
  #calling = new Set();
  /** How many missed calls were marked as seen by looking at them. */
  #looked = 0;
  /** The row that is open. @type {?string} */
  #open = null;
  #written;
  #again = debounced(REREAD_MS, () => this.#reread());
  #typed = debounced(SEARCH_MS, () => this.#ask("anew"));
  /** Sees the end of what was read come into sight. */
  #end = new IntersectionObserver((seen) => {
    if (seen.some(({ isIntersecting }) => isIntersecting) && this.#more && !this.#reading) this.#ask("older");
  });
  #list = byId("recent-list");
  #search = /** @type {HTMLInputElement} */ (byId("search"));

  /** @param {Kit} kit @param {Choosing} choosing */
  constructor(kit, choosing) {
    this.#kit = kit;
    this.#choosing = choosing;
    this.#written = new Written(kit);
    const { words } = kit;
    for (const filter of FILTERS) {
      const chip = button("chip", "", () => this.#choose(filter));
      chip.dataset.filter = filter;
      byId("filters").append(chip);
    }
    this.#search.placeholder = words.text("history-search-hint");
    this.#search.addEventListener("input", () => this.#typed.later());
    this.#search.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") this.#focusRow(0);
      else if (event.key === "Escape" && this.#search.value) {
        this.#search.value = "";
        this.#typed.now();
        this.#ask("anew");
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.#list.addEventListener("keydown", (event) => this.#press(event));
    addEventListener("focus", () => kit.redraw());
    this.#end.observe(byId("older"));
  }

  /** @param {View} view */
  draw(view) {
    this.#drawFilters(view);
    if (view.history !== this.#changes) {
      const isFirst = this.#changes === -1;
      this.#changes = view.history;
      if (!isFirst) this.#again.later();
    }
    const calls = this.#calls(view);
    keyed(
      this.#list,
      calls,
      phrases.keyOfCall,
      () => this.#makeRow(),
      (row, call) => this.#drawRow(row, call, view),
    );
    this.#drawNothing(calls.length);
    this.#lookAtMissed(view);
  }

  /** Who has the missed calls in sight has seen them. @param {View} view */
  #lookAtMissed({ missed }) {
    if (missed === 0) this.#looked = 0;
    const isSeen = this.#filter === "missed" && !this.#search.value.trim() && !this.#reading && document.hasFocus();
    if (!isSeen || missed === this.#looked || document.body.dataset.page !== "calls") return;
    this.#looked = missed;
    this.#kit.send("seen_missed");
  }

  /** Opens a row, and closes the others. @param {?string} key */
  open(key) {
    this.#open = key;
    this.#kit.redraw();
  }

  /** The same with the next drawing. @param {string} key */
  expand(key) {
    this.#open = key;
  }

  /** @param {string} key */
  isOpen(key) {
    return this.#open === key;
  }

  /** Everything that is asked for has come. */
  #isPlain() {
    return this.#filter === "all" && !this.#search.value.trim();
  }

  /** Each call once: those of the view are the newest. @param {View} view */
  #calls(view) {
    if (!this.#isPlain()) return this.#read;
    const known = new Set(view.recent.map(phrases.keyOfCall));
    return [...view.recent, ...this.#read.filter((call) => !known.has(phrases.keyOfCall(call)))];
  }

  /** @param {"all" | "missed" | "unknown"} filter */
  #choose(filter) {
    if (this.#filter === filter) return;
    // Until the answer is there, what of it stands here already.
    const view = this.#kit.view();
    const shown = view ? this.#calls(view) : [];
    this.#filter = filter;
    this.#read = shown.filter(({ outcome, who }) => (filter === "missed" ? outcome === "missed" : who.state === "nobody"));
    this.#ask("anew");
    this.#kit.redraw();
  }

  /** Asks for the first page of something else, or for the next one. @param {"anew" | "older"} which */
  async #ask(which) {
    const mine = ++this.#asked;
    if (which === "anew") this.#more = true;
    if (which === "anew" && this.#isPlain()) {
      this.#read = [];
      this.#failed = "";
      this.#kit.redraw();
      return;
    }
    const view = this.#kit.view();
    const offset = which === "anew" || !view ? 0 : this.#calls(view).length;
    await this.#answer(mine, { offset, limit: PAGE }, (calls) => {
      this.#read = which === "anew" ? calls : [...this.#read, ...calls];
    });
  }

  /** What is shown may have changed: as much of it is read again. */
  #reread() {
    if (this.#isPlain() || this.#reading) return;
    const limit = Math.min(Math.max(this.#read.length, PAGE), 100);
    this.#answer(++this.#asked, { offset: 0, limit }, (calls) => {
      const known = new Set(calls.map(phrases.keyOfCall));
      this.#read = [...calls, ...this.#read.slice(limit).filter((call) => !known.has(phrases.keyOfCall(call)))];
    });
  }

  /**
   * @param {number} mine
   * @param {{offset: number, limit: number}} page
   * @param {(calls: Call[]) => void} take
   */
  async #answer(mine, page, take) {
    const { assist, words, redraw } = this.#kit;
    this.#reading = true;
    try {
      const answer = await assist({ want: "history", filter: this.#filter, text: this.#search.value.trim(), ...page });
      if (mine !== this.#asked) return;
      take(answer.calls);
      this.#more = answer.more;
      this.#failed = "";
    } catch (fault) {
      if (mine !== this.#asked) return;
      this.#more = false;
      this.#failed = words.with("history-failed", { cause: words.ofCode("cause", /** @type {any} */ (fault).code) });
    } finally {
      if (mine === this.#asked) this.#reading = false;
    }
    redraw();
    // Still in sight, it would not come into sight again.
    this.#end.unobserve(byId("older"));
    this.#end.observe(byId("older"));
  }

  /** @param {View} view */
  #drawFilters(view) {
    const { words } = this.#kit;
    for (const chip of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#filters .chip"))) {
      const filter = chip.dataset.filter ?? "";
      const counted = filter === "missed" && view.missed > 0;
      say(chip, counted ? words.with("history-missed-count", { count: view.missed }) : words.text(`history-${filter}`));
      chip.setAttribute("aria-pressed", String(filter === this.#filter));
    }
    const seen = byId("seen-missed");
    say(byId("missed"), view.missed > 0 ? words.with("panel-missed", { count: view.missed }) : "");
    if (view.missed === 0 && document.activeElement === seen) this.#search.focus();
    seen.hidden = view.missed === 0;
  }

  /** @param {number} count */
  #drawNothing(count) {
    const { words } = this.#kit;
    const nothing = byId("recent-empty");
    const text = this.#search.value.trim();
    nothing.hidden = (count > 0 && !this.#failed) || this.#reading;
    const none = this.#filter === "all" ? "history-none" : `history-none-${this.#filter}`;
    say(nothing, this.#failed || (text ? words.with("history-none-found", { text }) : words.text(none)));
    byId("older").hidden = !this.#more || count === 0;
  }

  #makeRow() {
    const name = element("span", "name");
    name.dir = "auto";
    const lines = element("span", "lines", name, element("span", "why"));
    const when = element("span", "when", element("time"), element("span", "length"));
    const more = button("more lands", "", () => {});
    more.append(shape("inbound"), lines, when);
    const open = button("icon open", "", () => {});
    open.append(shape("open"));
    return element("li", "row", more, open);
  }

  /** @param {HTMLElement} row @param {Call} call @param {View} view */
  #drawRow(row, call, view) {
    const { words } = this.#kit;
    const key = phrases.keyOfCall(call);
    const isOpen = this.#open === key;
    const seen = phrases.asOthersSee(call, view.caller_shown);
    row.dataset.outcome = call.outcome ?? "";
    row.classList.toggle("opened", isOpen);
    const more = /** @type {HTMLButtonElement} */ (inside(row, ".more"));
    more.setAttribute("aria-expanded", String(isOpen));
    more.onclick = () => this.open(isOpen ? null : key);
    reshape(/** @type {Element} */ (more.firstElementChild), rowShape(call));
    const name = phrases.caller(seen, words);
    say(inside(row, ".name"), name);
    inside(row, ".name").title = name;
    const outcome = words.ofCode("outcome", call.outcome ?? "not_seen");
    const direction = words.ofCode("direction", call.direction ?? "unknown");
    const why = this.#choosing.isForgotten(call) ? words.text("chooser-forgotten") : phrases.why(seen, words);
    const line = `${call.outcome === "answered" ? direction : outcome} · ${why}`;
    say(inside(row, ".why"), line);
    inside(row, ".why").title = line;
    const time = /** @type {HTMLTimeElement} */ (inside(row, "time"));
    say(time, phrases.when(call.began_ms, Date.now(), words));
    time.dateTime = new Date(call.began_ms).toISOString();
    const length = phrases.talked(call);
    say(inside(row, ".length"), length > 0 ? phrases.timer(length) : "");
    if (call.who.state === "several") this.#drawChoose(inside(row, ".open"), call, key, isOpen);
    else drawOpen(inside(row, ".open"), call, this.#kit);
    // First of all whose call it is.
    this.#choosing.draw(row, call, isOpen && call.who.state === "several");
    this.#drawDetails(row, call, view, isOpen);
  }

  /**
   * The button of a past call shows its matches when there are several.
   *
   * @param {HTMLElement} open
   * @param {Call} call
   * @param {string} key
   * @param {boolean} isOpen
   */
  #drawChoose(open, call, key, isOpen) {
    const { words } = this.#kit;
    const made = /** @type {HTMLButtonElement} */ (open);
    made.disabled = false;
    reshape(/** @type {Element} */ (made.firstElementChild), "several");
    made.title = words.with("chooser-show", { count: call.who.records.length });
    made.setAttribute("aria-label", words.with("chooser-show-call", { caller: phrases.caller(call, words) }));
    made.setAttribute("aria-expanded", String(isOpen));
    made.onclick = () => {
      this.open(isOpen ? null : key);
      this.#choosing.of(key)?.focus();
    };
  }

  /** All there is to know, and what can be done. @param {HTMLElement} row @param {Call} call @param {View} view @param {boolean} isOpen */
  #drawDetails(row, call, view, isOpen) {
    const shown = row.querySelector(".details");
    if (!isOpen) {
      shown?.remove();
      return;
    }
    const draft = view.drafts.some((draft) => draft.call === call.call);
    const isCalling = this.#calling.has(phrases.keyOfCall(call));
    const written = this.#written.of(call, view);
    const drawn = JSON.stringify([call, draft, this.#choosing.isForgotten(call), isCalling, written]);
    if (/** @type {HTMLElement | null} */ (shown)?.dataset.drawn === drawn) return;
    const focused = /** @type {HTMLElement | null} */ (shown?.querySelector(":focus"))?.dataset.act;
    const made = element("div", "details", this.#facts(call, view));
    if (written.length > 0) made.append(this.#written.draw(written));
    made.append(this.#acts(call, draft));
    made.dataset.drawn = drawn;
    const grows = !shown || (written.length > 0 && !shown.querySelector(".written"));
    if (shown) shown.replaceWith(made);
    else row.append(made);
    if (grows) row.scrollIntoView({ block: "nearest" });
    if (focused) /** @type {HTMLElement | null} */ (made.querySelector(`[data-act="${focused}"]`))?.focus();
  }

  /** @param {Call} call @param {View} view */
  #facts(call, view) {
    const { words } = this.#kit;
    const record = phrases.onlyRecord(call);
    const length = phrases.talked(call);
    const pairs = [
      ["why", "", phrases.why(call, words)],
      ["number", "history-number", call.number ? phrases.numberText(call, words) : ""],
      ["company", "history-company", phrases.clean(record?.name) ? phrases.clean(record?.company) : ""],
      ["path", "history-path", phrases.clean(call.path_name ?? call.path)],
      ["did", "history-did", phrases.clean(call.did_name ?? call.did)],
      ["extension", "history-extension", view.extensions.length > 1 ? phrases.clean(call.extension) : ""],
      ["when", "history-when", phrases.exactly(call.began_ms)],
      ["length", "history-length", length > 0 ? phrases.timer(length) : ""],
      ["timing", "history-timing", phrases.timing(call, words)],
      ["disposition", "history-disposition", phrases.clean(call.wrap_up?.disposition)],
      ["note", "history-note", call.wrap_up?.note ?? ""],
    ].filter(([, , text]) => text);
    const facts = element("dl");
    for (const [id, key, text] of pairs) {
      const value = element("dd", "", text);
      value.dataset.fact = id;
      value.dir = "auto";
      if (key) facts.append(element("dt", "", words.text(key)));
      else value.classList.add("wide");
      facts.append(value);
    }
    return facts;
  }

  /** @param {Call} call @param {boolean} draft */
  #acts(call, draft) {
    const { words, send, ask, add, redraw } = this.#kit;
    const acts = element("div", "acts");
    const put = (/** @type {string} */ act, /** @type {string} */ key, /** @type {() => void} */ press) => {
      const made = button("small", words.text(key), press);
      made.dataset.act = act;
      acts.append(made);
      return made;
    };
    const record = phrases.onlyRecord(call);
    if (record && !call.button_off) {
      const key = record.kind === "account" ? "history-open-account" : "history-open-contact";
      put("contact", key, () => send({ open: { call: call.call } }));
    }
    if (record) put("ticket", "history-open-ticket", () => ask({ want: "open_ticket", call: call.call }));
    if (call.can_create) {
      const form = { call: call.call, extension: call.extension, kind: null };
      put("create", draft ? "card-continue" : "card-create", () => send({ begin_form: form }));
      put("add", "card-add", () => add(call));
    }
    if (call.number && call.who.state !== "withheld") {
      const key = phrases.keyOfCall(call);
      const back = put("back", "history-call-back", async () => {
        if (this.#calling.has(key)) return;
        this.#calling.add(key);
        back.disabled = true;
        setTimeout(() => {
          this.#calling.delete(key);
          redraw();
        }, CALL_ONCE_MS);
        if (await ask({ want: "call_back", call: call.call, extension: call.extension })) {
          this.#kit.tell(words.text("history-calling"));
        }
      });
      back.disabled = this.#calling.has(key);
    }
    const forget = button("small forget", "", () => {});
    this.#choosing.drawForget(forget, call, words.text("chooser-forget-choice"));
    forget.dataset.act = "forget";
    acts.append(forget);
    return acts;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const more = /** @type {HTMLElement} */ (event.target).closest(".more");
    if (!more || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = /** @type {HTMLElement} */ (more.parentElement);
    const at = [...this.#list.children].indexOf(row);
    const key = row.dataset.item ?? null;
    if (event.key === "ArrowDown") this.#focusRow(at + 1);
    else if (event.key === "ArrowUp" && at === 0) this.#search.focus();
    else if (event.key === "ArrowUp") this.#focusRow(at - 1);
    else if (event.key === "Home") this.#focusRow(0);
    else if (event.key === "End") this.#focusRow(this.#list.children.length - 1);
    else if (event.key === "ArrowRight" && this.#open !== key) this.open(key);
    else if (event.key === "ArrowLeft" && this.#open === key) this.open(null);
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #focusRow(at) {
    const row = this.#list.children[at];
    if (row) inside(row, ".more").focus();
  }
}

/** @param {Call} call */
function rowShape(call) {
  if (call.direction === "internal") return "internal";
  if (call.direction === "outbound") return "outbound";
  return call.outcome === "answered" || call.outcome === "answered_elsewhere" ? "inbound" : "missed";
}
