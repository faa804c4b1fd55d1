/**
 * The form for a new contact or account. What is typed is kept by the engine all the time, so nothing is lost by a closed
 * window, a refusal of Desk or a restart. Must not know the calls beside the one it belongs to.
 *
 * @typedef {import("./types.js").CustomerRecord} CustomerRecord
 * @typedef {import("./types.js").Draft} Draft
 * @typedef {import("./types.js").Field} Field
 * @typedef {import("./panel.js").Kit} Kit
 */
import { button, debounced, element, inside, mark, say, shape } from "./dom.js";
import { clean, recordName } from "./phrases.js";
import { Typeahead } from "./typeahead.js";

const KEEP_MS = 300;
/** Zoho's own labels, in whose place the window's language has words. */
const KNOWN = /** @type {Record<string, {key: string, label: string}>} */ ({
  firstName: { key: "form-first-name", label: "First Name" },
  lastName: { key: "form-last-name", label: "Last Name" },
  accountName: { key: "form-account-name", label: "Account Name" },
  email: { key: "form-email", label: "Email" },
  accountId: { key: "form-company", label: "Account Name" },
  phone: { key: "form-phone", label: "Phone" },
  mobile: { key: "form-mobile", label: "Mobile" },
  description: { key: "form-notes", label: "Description" },
});
const ORDER = ["accountName", "firstName", "lastName", "email", "accountId", "phone", "mobile", "description"];
const KINDS = /** @type {const} */ (["contact", "account"]);

export class Form {
  element = element("section", "form");
  #kit;
  /** @type {?Draft} */
  #draft = null;
  /** @type {Field[]} */
  #fields = [];
  /** What the form began with; only what differs was typed. */
  #began = "";
  #saving = false;
  #shown = "";
  #keep = debounced(KEEP_MS, () => this.#keepDraft());
  #body = element("form", "fields");
  /** Shows the company as the draft has it. */
  #drawCompany = () => {};
  #says = element("div", "says");

  /** @param {Kit} kit */
  constructor(kit) {
    this.#kit = kit;
    this.#body.noValidate = true;
    this.#body.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(false);
    });
    this.#body.addEventListener("input", () => this.#keep.later());
    this.#body.addEventListener("focusout", () => this.#keep.now());
    this.#body.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#save(false);
    });
    this.#says.role = "alert";
    for (const leaving of ["pagehide", "visibilitychange"]) addEventListener(leaving, () => this.#keep.now());
  }

  /** Shows a form, unless it is there already. @param {string} key */
  async show(key) {
    if (this.#shown === key) return;
    this.#shown = key;
    this.#draft = null;
    this.element.replaceChildren(element("p", "quiet loading", this.#kit.words.text("form-loading")));
    let draft;
    try {
      ({ draft } = await this.#kit.assist({ want: "draft", key }));
    } catch (fault) {
      if (this.#shown === key) this.#sayUnread(/** @type {any} */ (fault), key);
      return;
    }
    if (this.#shown !== key) return;
    if (!draft) {
      // Saved or discarded somewhere else.
      this.back();
      return;
    }
    this.#draft = draft;
    this.#began = this.#typed(draft);
    await this.#build("first");
  }

  /** It is not in sight any more. */
  hide() {
    this.#keep.now();
    this.#shown = "";
    this.#draft = null;
    this.element.replaceChildren();
  }

  /** Goes back to the calls; what was typed is kept. */
  back() {
    this.#keep.now();
    return this.#kit.send("close_form");
  }

  /** @param {"first" | "again"} turn */
  async #build(turn) {
    const draft = this.#draft;
    if (!draft) return;
    const { words, assist } = this.#kit;
    const { kind } = draft;
    const answer = await assist({ want: "form", kind }).catch((fault) => ({ fields: [], fault }));
    if (this.#draft !== draft || draft.kind !== kind) return;
    if (answer.fault) {
      this.#sayUnread(answer.fault, draft.key);
      return;
    }
    this.#fields = answer.fields;
    const notes = [];
    if (draft.sent) notes.push(note(words.text("form-sent")));
    if (answer.documented) notes.push(note(words.text("form-documented")));
    const own = ORDER.filter((name) => this.#field(name));
    if (words.language.startsWith("zh") && own.includes("firstName")) {
      own.splice(own.indexOf("firstName"), 1);
      own.splice(own.indexOf("lastName") + 1, 0, "firstName");
    }
    const others = this.#fields.filter(({ name }) => !ORDER.includes(name));
    const open = element("summary", "", words.text("form-more"), shape("chevron-down", "shape small"));
    const more = element("details", "further", open);
    open.addEventListener("click", () => requestAnimationFrame(() => more.open && open.scrollIntoView()));
    const optional = others.filter(({ required, kind }) => !required && kind !== "other");
    more.append(...optional.map((field) => this.#row(field)));
    more.hidden = optional.length === 0;
    more.open = optional.some(({ name }) => draft.values[name]);
    this.#body.replaceChildren(
      ...own.map((name) => this.#row(/** @type {Field} */ (this.#field(name)))),
      ...others.filter(({ required }) => required).map((field) => this.#row(field)),
      more,
      this.#acts(),
    );
    this.#says.replaceChildren();
    this.element.replaceChildren(this.#head(draft), ...notes, this.#says, this.#body);
    if (turn === "first") this.#focusFirst();
  }

  /** @param {Draft} draft */
  #head(draft) {
    const { words } = this.#kit;
    const title = element("h1", "", words.text(draft.kind === "account" ? "form-title-account" : "form-title"));
    title.tabIndex = -1;
    const kinds = element("div", "segments");
    kinds.role = "radiogroup";
    kinds.setAttribute("aria-label", words.text("form-kind"));
    for (const kind of KINDS) {
      const input = element("input");
      Object.assign(input, { type: "radio", name: "kind", value: kind, checked: kind === draft.kind });
      input.addEventListener("change", () => this.#turn(kind));
      kinds.append(element("label", "segment", input, element("span", "", words.text(`form-${kind}`))));
    }
    return element("div", "head", this.#back(), title, kinds);
  }

  #back() {
    const { words } = this.#kit;
    const back = button("icon back", "", () => this.back());
    back.append(shape("back"));
    back.title = words.text("form-back-why");
    back.setAttribute("aria-label", words.text("form-back"));
    return back;
  }

  #acts() {
    const { words } = this.#kit;
    const save = element("button", "primary save", words.text("form-save"));
    save.type = "submit";
    const discard = button("second discard", words.text("form-discard"), () => this.#discard());
    return element("div", "acts", discard, save);
  }

  /** @param {string} name */
  #field(name) {
    return this.#fields.find((field) => field.name === name);
  }

  /** @param {Field} field */
  #label(field) {
    const known = KNOWN[field.name];
    const isZohos = !known || (field.label !== known.label && field.label !== field.name);
    return isZohos ? clean(field.label) || field.name : this.#kit.words.text(known.key);
  }

  /** One field with its label, and room for what is wrong with it. @param {Field} field */
  #row(field) {
    const { words } = this.#kit;
    const label = this.#label(field);
    if (field.kind === "other") {
      const only = note(words.with("form-only-in-desk", { label }));
      only.dataset.field = field.name;
      return only;
    }
    const id = `field-${field.name}`;
    const name = element("label", "label", label);
    name.htmlFor = id;
    if (field.required) name.append(" ", element("span", "required quiet", words.text("form-required")));
    const wrong = element("p", "wrong");
    wrong.id = `${id}-wrong`;
    wrong.hidden = true;
    const row = element("div", "line", name, this.#control(field, id), wrong);
    row.dataset.field = field.name;
    return row;
  }

  /** @param {Field} field @param {string} id @returns {HTMLElement} */
  #control(field, id) {
    if (field.kind === "account") return this.#company(field, id);
    const draft = /** @type {Draft} */ (this.#draft);
    const value = draft.values[field.name] ?? "";
    const put = (/** @type {string} */ text) => {
      draft.values[field.name] = text;
      this.#pardon(field.name);
    };
    if (field.kind === "choice" && field.choices.length > 0) {
      const select = element("select");
      select.id = id;
      const choices = value && !field.choices.includes(value) ? [value, ...field.choices] : field.choices;
      select.append(new Option(this.#kit.words.text("form-choose"), ""), ...choices.map((it) => new Option(it, it)));
      select.value = value;
      select.required = field.required;
      select.addEventListener("change", () => {
        put(select.value);
        this.#keep.later();
      });
      return select;
    }
    if (field.kind === "boolean") {
      const box = element("input");
      Object.assign(box, { type: "checkbox", id, checked: value === "true" });
      box.addEventListener("change", () => {
        put(String(box.checked));
        this.#keep.later();
      });
      return box;
    }
    const input = field.kind === "lines" ? element("textarea") : element("input");
    input.id = id;
    input.value = value;
    input.dir = "auto";
    input.spellcheck = field.kind === "lines";
    input.autocomplete = "off";
    input.required = field.required;
    if (field.max_length) input.maxLength = field.max_length;
    if (input instanceof HTMLInputElement) {
      const types = /** @type {Record<string, string>} */ ({ email: "email", phone: "tel", url: "url", date: "date" });
      input.type = types[field.kind] ?? "text";
      if (field.kind === "number") input.inputMode = "decimal";
      if (field.kind === "phone") input.dir = "ltr";
    } else input.rows = 2;
    input.addEventListener("input", () => put(input.value));
    return input;
  }

  /** The company: one of Desk's accounts, or a new one. @param {Field} field @param {string} id */
  #company(field, id) {
    const { words, assist } = this.#kit;
    const draft = /** @type {Draft} */ (this.#draft);
    const place = element("div", "company-field");
    const draw = () => {
      const account = draft.account;
      if (!account) {
        place.replaceChildren(ahead.input, ahead.list, ahead.note);
        return;
      }
      const drop = button("icon drop", "", () => {
        take(null);
        ahead.input.focus();
      });
      drop.append(shape("close", "shape small"));
      drop.setAttribute("aria-label", words.with("form-company-remove", { name: account.name }));
      const name = element("span", "name", account.name);
      name.dir = "auto";
      const chip = element("span", "chosen", shape("account", "shape small"), name);
      if (!account.id) chip.append(element("span", "new", words.text("form-company-new")));
      chip.append(drop);
      chip.title = account.name;
      place.replaceChildren(chip);
    };
    const take = (/** @type {Draft["account"]} */ account) => {
      draft.account = account;
      delete draft.values[field.name];
      ahead.input.value = "";
      ahead.close();
      draw();
      this.#pardon(field.name);
      this.#keep.later();
      this.#keep.now();
      if (account) /** @type {HTMLElement} */ (place.querySelector(".drop")).focus();
    };
    const find = async (/** @type {string} */ text) => {
      if (!text) return { hits: [], note: "" };
      const create = {
        node: element("li", "hit", shape("plus", "shape small"), element("span", "name", words.with("form-company-create", { name: text }))),
        pick: () => take({ id: null, name: text }),
      };
      try {
        const { records } = await assist({ want: "find", text, kind: "account" });
        const hits = records.map((/** @type {CustomerRecord} */ record) => {
          const name = element("span", "name", recordName(record, words));
          name.dir = "auto";
          return {
            node: element("li", "hit", shape("account", "shape small"), name),
            pick: () => take({ id: record.id, name: clean(record.name) }),
          };
        });
        return { hits: [...hits, create], note: "" };
      } catch (fault) {
        const cause = words.ofCode("cause", /** @type {any} */ (fault).code);
        return { hits: [create], note: words.with("add-failed", { cause }) };
      }
    };
    const label = this.#label(field);
    const ahead = new Typeahead(find, { label, hint: words.text("form-company-hint"), stays: false });
    ahead.input.id = id;
    ahead.input.dir = "auto";
    ahead.input.maxLength = 200;
    // What is typed and not chosen yet is kept under the field's name, under which nothing is sent.
    ahead.input.value = draft.values[field.name] ?? "";
    ahead.input.addEventListener("input", () => (draft.values[field.name] = ahead.input.value));
    this.#drawCompany = draw;
    draw();
    return place;
  }

  // What is typed

  /** Contact and account share what both have. @param {"contact" | "account"} kind */
  #turn(kind) {
    const draft = this.#draft;
    if (!draft || draft.kind === kind || this.#saving) return;
    const { values } = draft;
    if (kind === "account") {
      values.phone ||= values.mobile ?? "";
      values.accountName ||= draft.account?.name ?? values.accountId ?? "";
    } else if (values.mobile && values.mobile === values.phone) {
      // The number came from there.
      values.phone = "";
    }
    draft.kind = kind;
    this.#keep.later();
    this.#build("again").then(() => inside(this.element, `.segment input[value="${kind}"]`)?.focus());
  }

  /** What a draft says, to be compared. @param {Draft} draft */
  #typed(draft) {
    const values = Object.entries(draft.values).filter(([, value]) => value.trim());
    return JSON.stringify([values.sort(), draft.account]);
  }

  async #keepDraft() {
    if (!this.#draft || this.#saving) return;
    await this.#kit.assist({ want: "keep_draft", draft: this.#draft }).catch(() => {});
  }

  async #discard() {
    const draft = this.#draft;
    if (!draft || this.#saving) return;
    const { words } = this.#kit;
    if (this.#typed(draft) === this.#began && isUntouched(draft)) {
      this.#forget(draft);
      return;
    }
    const acts = inside(this.#body, ".acts");
    const keep = button("second", words.text("form-discard-no"), () => {
      sure.replaceWith(acts);
      inside(acts, ".discard").focus();
    });
    const sure = element(
      "div",
      "acts sure",
      element("p", "", words.text("form-discard-sure")),
      keep,
      button("second bad", words.text("form-discard-yes"), () => this.#forget(draft)),
    );
    sure.role = "group";
    sure.setAttribute("aria-label", words.text("form-discard-sure"));
    acts.replaceWith(sure);
    keep.focus();
  }

  /** @param {Draft} draft */
  async #forget(draft) {
    this.#keep.stop();
    const { assist, send } = this.#kit;
    this.#draft = null;
    await assist({ want: "discard_draft", key: draft.key }).catch(() => {});
    await send("close_form");
  }

  // Saving

  /** @param {boolean} anyway */
  async #save(anyway) {
    const draft = this.#draft;
    if (!draft || this.#saving) return;
    const { words, assist, announce } = this.#kit;
    this.#keep.stop();
    const typed = clean(draft.values.accountId);
    if (draft.kind === "contact" && !draft.account && typed) {
      // Typed and not chosen: what else could be meant. It is seen to be new before anything comes back.
      draft.account = { id: null, name: typed };
      delete draft.values.accountId;
      this.#drawCompany();
    }
    this.#hold(true);
    this.#says.replaceChildren();
    for (const { name } of this.#fields) this.#pardon(name);
    try {
      const answer = await assist({ want: "save", draft, anyway });
      if (answer.answer === "saved") {
        this.#draft = null;
        announce(words.with("form-saved", { name: recordName(answer.record, words) }));
        return;
      }
      // A company may have been created on the way.
      const { draft: kept } = await assist({ want: "draft", key: draft.key }).catch(() => ({ draft: null }));
      if (kept) draft.account = kept.account;
      this.#drawCompany();
      if (answer.answer === "exists") this.#sayExists(answer.records);
      else this.#sayRefused(answer.fields);
    } catch (fault) {
      this.#sayFault(/** @type {any} */ (fault));
    } finally {
      this.#hold(false);
    }
  }

  /** @param {boolean} held */
  #hold(held) {
    this.#saving = held;
    const { words } = this.#kit;
    const save = /** @type {?HTMLButtonElement} */ (this.#body.querySelector(".save"));
    if (!save) return;
    save.disabled = held;
    say(save, words.text(held ? "form-saving" : "form-save"));
    this.element.setAttribute("aria-busy", String(held));
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (this.#body.querySelectorAll("input, textarea"))) {
      field.readOnly = held;
    }
  }

  /** The form itself could not be had. @param {{code: string}} fault @param {string} key */
  #sayUnread(fault, key) {
    const { words } = this.#kit;
    const text = words.with("form-unread", { cause: words.ofCode("cause", fault.code ?? "other") });
    const again = button("second", words.text("form-again"), () => {
      this.#shown = "";
      this.show(key);
    });
    const said = note(text, "bad");
    said.append(again);
    this.#says.replaceChildren(said);
    this.element.replaceChildren(...(this.#draft ? [this.#head(this.#draft)] : [this.#back()]), this.#says);
    again.focus();
  }

  /** @param {{code: string}} fault */
  #sayFault(fault) {
    const { words } = this.#kit;
    const cause = words.ofCode("cause", fault.code ?? "other");
    this.#says.replaceChildren(note(words.with("form-failed", { cause }), "bad"));
    this.#says.scrollIntoView({ block: "nearest" });
  }

  /** @param {{name: string, code: string}[]} faults */
  #sayRefused(faults) {
    const { words } = this.#kit;
    const elsewhere = [];
    for (const { name, code } of faults) {
      const text = words.text(`form-fault-${code}`);
      const own = name === "account" ? "accountId" : name;
      const row = this.#body.querySelector(`.line[data-field="${CSS.escape(own)}"]`);
      if (!row) {
        const field = this.#field(own);
        elsewhere.push(words.with("form-fault-elsewhere", { label: field ? this.#label(field) : name, fault: text }));
        continue;
      }
      const further = row.closest("details");
      if (further) further.open = true;
      const wrong = inside(row, ".wrong");
      say(wrong, text);
      wrong.hidden = false;
      const input = /** @type {?HTMLElement} */ (row.querySelector("input, select, textarea, button"));
      if (input) {
        mark(input, "aria-invalid", "true");
        mark(input, "aria-describedby", wrong.id);
      }
    }
    this.#says.replaceChildren(
      note([words.with("form-fault-some", { count: faults.length }), ...elsewhere].join("\n"), "bad"),
    );
    const first = /** @type {?HTMLElement} */ (this.#body.querySelector("[aria-invalid]"));
    first?.focus({ preventScroll: true });
    (first?.closest(".line") ?? this.#says).scrollIntoView({ block: "center" });
  }

  /** @param {string} name */
  #pardon(name) {
    const row = this.#body.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const wrong = /** @type {?HTMLElement} */ (row?.querySelector(".wrong") ?? null);
    if (!wrong || wrong.hidden) return;
    wrong.hidden = true;
    for (const input of row?.querySelectorAll("[aria-invalid]") ?? []) {
      mark(input, "aria-invalid", null);
      mark(input, "aria-describedby", null);
    }
  }

  /** Somebody like it is there: one of them is meant, or not. @param {CustomerRecord[]} records */
  #sayExists(records) {
    const { words } = this.#kit;
    const list = element("ul");
    for (const record of records) {
      const lines = personLines(record, words);
      list.append(element("li", "person", ...lines, button("small", words.text("form-exists-use"), () => this.#use(record))));
    }
    const anyway = button("small anyway", words.text("form-exists-anyway"), () => this.#save(true));
    const title = element("p", "strong", words.with("form-exists", { count: records.length }));
    this.#says.replaceChildren(element("div", "note", title, list, anyway));
    this.#says.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement} */ (this.#says.querySelector("button")).focus();
  }

  /** @param {CustomerRecord} record */
  async #use(record) {
    const draft = this.#draft;
    if (!draft) return;
    const { kind, id } = record;
    if (await this.#kit.send({ choose: { call: draft.call, kind, id } })) await this.#forget(draft);
  }

  #focusFirst() {
    const inputs = /** @type {HTMLInputElement[]} */ ([...this.#body.querySelectorAll("input, textarea, select")]);
    (inputs.find((input) => !input.value) ?? inputs[0])?.focus();
  }
}

/** Whether there is nothing in a form but the number of its call. @param {Draft} draft */
function isUntouched({ sent, account, values, number }) {
  const end = (/** @type {string} */ text) => text.replace(/\D/g, "").slice(-7);
  const isNumber = (/** @type {string} */ name, /** @type {string} */ value) =>
    ["phone", "mobile"].includes(name) && end(value) === end(number);
  return !sent && !account && Object.entries(values).every(([name, value]) => !value.trim() || isNumber(name, value));
}

/** @param {string} text */
function note(text, tone = "") {
  return element("div", `note ${tone}`.trim(), ...text.split("\n").map((line) => element("p", "", line)));
}

/**
 * A customer in a list: icon, name, and what tells them apart.
 *
 * @param {CustomerRecord} record
 * @param {import("./words.js").Words} words
 */
export function personLines(record, words) {
  const name = element("span", "name", recordName(record, words));
  name.dir = "auto";
  const company = clean(record.company);
  const text = [company === clean(record.name) ? "" : company, clean(record.email)].filter(Boolean).join(" · ");
  const about = element("span", "about quiet", text || words.ofCode("record", record.kind));
  about.dir = "auto";
  const lines = element("span", "lines", name, about);
  lines.title = [recordName(record, words), text].filter(Boolean).join("\n");
  return [shape(record.kind === "account" ? "account" : "contact"), lines];
}
