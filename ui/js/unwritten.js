/**
 * Entries that were not written to Desk and wait for a person: why, and what can be done. What is typed into a field that
 * Desk complained about stays here until it is sent. Must not know how an entry is sent.
 *
 * @typedef {import("./types.js").OutboxRow} OutboxRow
 * @typedef {import("./types.js").View} View
 * @typedef {import("./panel.js").Kit} Kit
 */
import { button, byId, element, inside, keyed, say, sayLine } from "./dom.js";
import * as phrases from "./phrases.js";

/** Names of a record; they stand as its subject. @type {Record<string, string>} */
const SUBJECTS = { contact: "lastName", account: "accountName" };

export class Unwritten {
  #kit;
  #place = /** @type {HTMLDetailsElement} */ (byId("unwritten"));
  #list = byId("unwritten-list");

  /** @param {Kit} kit */
  constructor(kit) {
    this.#kit = kit;
    this.#place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !this.#place.open) return;
      event.preventDefault();
      this.#place.open = false;
      inside(this.#place, "summary").focus();
    });
  }

  /** @param {View} view */
  draw({ outbox, caller_shown }) {
    const { words } = this.#kit;
    const hadFocus = this.#place.contains(document.activeElement);
    const before = [...this.#list.children].findIndex((line) => line.contains(document.activeElement));
    byId("dry-run").hidden = !outbox.dry_run;
    this.#place.hidden = outbox.wedged === 0;
    say(byId("unwritten-summary"), words.with("outbox-not-written", { count: outbox.wedged }));
    keyed(
      this.#list,
      outbox.rows,
      // One that was refused for something else is another one; what was typed for the same stays.
      ({ key, fields }) => `${key} ${JSON.stringify(fields)}`,
      (row) => this.#make(row),
      (line, row) => {
        const what = phrases.unwritten(row, caller_shown, words);
        sayLine(inside(line, ".what"), what);
        say(inside(line, ".why"), phrases.unwrittenWhy(row, words));
        say(inside(line, ".do"), phrases.unwrittenDo(row, words));
        for (const act of line.querySelectorAll("button")) {
          const action = act.textContent ?? "";
          act.setAttribute("aria-label", words.with("unwritten-action", { action, what }));
        }
      },
    );
    const more = outbox.wedged - outbox.rows.length;
    const rest = [
      more > 0 ? words.with("unwritten-more", { count: more }) : "",
      outbox.blocked > 0 ? words.with("unwritten-blocked", { count: outbox.blocked }) : "",
    ];
    sayLine(byId("unwritten-rest"), rest.filter(Boolean).join(" · "));
    if (hadFocus && !this.#place.contains(document.activeElement)) this.#land(before);
  }

  /** What had the focus is gone: on to the entry in its place, or to what is below. @param {number} at */
  #land(at) {
    const lines = this.#list.children;
    const next = lines[Math.min(at, lines.length - 1)]?.querySelector("button");
    const below = () => document.querySelector(".card .lands, .row .lands, #search");
    /** @type {?HTMLElement} */ (this.#place.hidden ? below() : (next ?? inside(this.#place, "summary")))?.focus();
  }

  /** @param {OutboxRow} row */
  #make(row) {
    const { words } = this.#kit;
    const line = element("li", "entry", element("p", "what"), element("p", "why"), element("p", "do quiet"));
    const acts = element("div", "acts");
    if (row.fields.length > 0) {
      acts.append(button("small correct", words.text("unwritten-correct"), () => this.#correct(line, row)));
    }
    acts.append(
      button("small retry", words.text("unwritten-retry"), () => this.#retry(row.key)),
      this.#discarding(row.key),
    );
    line.append(acts);
    return line;
  }

  /** What is gone cannot be had back: pressed once it asks, pressed again it does. @param {string} key */
  #discarding(key) {
    const { words } = this.#kit;
    const made = button("small discard", words.text("unwritten-discard"), async () => {
      if (!made.classList.contains("sure")) doubt(true);
      else if (await this.#ask({ act: "discard", key })) this.#kit.announce(words.text("unwritten-discarded"));
    });
    const doubt = (/** @type {boolean} */ asks) => {
      const before = made.textContent ?? "";
      made.classList.toggle("sure", asks);
      say(made, words.text(asks ? "unwritten-discard-sure" : "unwritten-discard"));
      const label = made.getAttribute("aria-label") ?? "";
      made.setAttribute("aria-label", label.replace(before, made.textContent ?? ""));
    };
    made.addEventListener("blur", () => doubt(false));
    return made;
  }

  /** The fields that Desk complained about, as they are now. @param {HTMLElement} line @param {OutboxRow} row */
  async #correct(line, row) {
    const { words } = this.#kit;
    const acts = inside(line, ".acts");
    if (line.querySelector("form")) return;
    const form = element("form", "fields");
    line.append(form);
    acts.hidden = true;
    const shown = await this.#kit.assist({ want: "outbox", ask: { act: "show", key: row.key } }).catch(() => null);
    const payload = shown?.row?.payload ?? {};
    const inputs = row.fields.map(({ name, label, kind, choices = [] }, at) => {
      const own = name === SUBJECTS[row.kind] ? "subject" : name;
      const value = ["subject", "description"].includes(own) ? payload[own] : payload.extra?.[own];
      const input = choices.length > 0 ? choosing(choices, String(value ?? "")) : element("input");
      Object.assign(input, { id: `unwritten-${row.key}-${at}`, name, autocomplete: "off" });
      if (kind === "boolean") Object.assign(input, { type: "checkbox", checked: value === true });
      else if (choices.length === 0) input.value = String(value ?? "");
      input.dataset.kind = kind ?? "";
      input.dir = "auto";
      const title = element("label", "label", phrases.clean(label) || name);
      title.htmlFor = input.id;
      form.append(element("div", "line", title, input));
      return input;
    });
    const leave = () => {
      form.remove();
      acts.hidden = false;
      inside(acts, ".correct").focus();
    };
    const send = element("button", "small send", words.text("unwritten-send"));
    send.type = "submit";
    form.append(element("div", "acts", send, button("small cancel", words.text("unwritten-cancel"), leave)));
    let sending = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      // Once, however often it is pressed. Not disabled: that would take the focus away.
      if (sending) return;
      sending = true;
      const set = Object.fromEntries(inputs.map((input) => [input.name, entered(input)]));
      const edit = { act: "edit", key: row.key, set, unset: [] };
      if (await this.#ask(edit)) await this.#retry(row.key);
      sending = false;
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      leave();
    });
    inputs[0].focus();
  }

  /** @param {string} key */
  async #retry(key) {
    if (await this.#ask({ act: "retry", key })) this.#kit.announce(this.#kit.words.text("unwritten-retried"));
  }

  /** @param {object} ask @returns {Promise<boolean>} whether it was done; a failure is said */
  #ask(ask) {
    return this.#kit.ask({ want: "outbox", ask });
  }
}

/** What was entered, as Desk wants such a field. @param {HTMLInputElement | HTMLSelectElement} input */
function entered(input) {
  if (input.dataset.kind === "boolean") return /** @type {HTMLInputElement} */ (input).checked;
  const text = input.value.trim();
  const isNumber = input.dataset.kind === "number" && text !== "" && Number.isFinite(Number(text));
  return isNumber ? Number(text) : text;
}

/** One of these, or none of them yet. @param {string[]} choices @param {string} chosen */
function choosing(choices, chosen) {
  const select = element("select");
  for (const choice of ["", ...choices]) {
    const option = element("option", "", choice);
    option.value = choice;
    select.append(option);
  }
  select.value = choices.includes(chosen) ? chosen : "";
  return select;
}
