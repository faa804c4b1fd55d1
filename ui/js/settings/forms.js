/**
 * Forms: fields that are saved together, and secrets, which are never read back. Also the small parts that pages are
 * made of. Must not know any particular setting.
 *
 * @typedef {import("./fields.js").Field} Field
 * @typedef {import("../types.js").SecretName} SecretName
 */
import * as backend from "../backend.js";
import { announce, button, make, mark, say, shape, words } from "./dom.js";
import { faultText } from "./fields.js";
import { changed, drawWith, faultOf, model, save, take } from "./model.js";

const COPIED_SHOWN_MS = 2000;

/**
 * A heading, an explanation and what belongs to it.
 *
 * @param {?string} title key of words
 * @param {(Node | null)[]} children
 */
export const card = (title, ...children) =>
  make("section", "card", title ? make("h2", { words: title }) : null, ...children);

/**
 * @param {string} id
 * @param {(Node | null)[]} children
 */
export const page = (id, ...children) =>
  make(
    "div",
    { class: "page", id: `page-${id}`, data: { page: id }, hidden: true },
    make("h1", { words: `settings-nav-${id}`, tabindex: "-1" }),
    ...children,
  );

/** @param {string} words */
export const help = (words) => make("p", { class: "help", words });

/** A note with a shape. @param {"info" | "warn" | "bad" | "good"} tone @param {(Node | string | null)[]} children */
export function note(tone, ...children) {
  const name = { info: "off", warn: "stopped", bad: "down", good: "up" }[tone];
  return make("div", { class: "note", data: { tone } }, shape(name), make("div", "text", ...children));
}

/**
 * Copies what `text` gives.
 *
 * @param {() => string} text
 * @param {string} describedBy id of what names it
 * @param {string} name key of words
 */
export function copier(text, describedBy, name = "settings-copy") {
  const made = button(name, copy, { class: "button small", "aria-describedby": describedBy });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let back;
  /** @param {string} key */
  function call(key) {
    made.dataset.words = key;
    say(made, words.text(key));
  }
  async function copy() {
    const key = await backend.copy(text()).then(
      () => "settings-copied",
      () => "settings-copy-failed",
    );
    call(key);
    announce(words.text(key));
    clearTimeout(back);
    back = setTimeout(() => call(name), COPIED_SHOWN_MS);
  }
  return made;
}

/**
 * A button whose work takes a while.
 *
 * @param {string} text key of words
 * @param {() => Promise<unknown>} work
 * @param {import("./dom.js").Looks} [looks]
 */
export function worker(text, work, looks = {}) {
  const made = button(
    text,
    async () => {
      if (made.getAttribute("aria-busy") === "true") return;
      made.setAttribute("aria-busy", "true");
      try {
        await work();
      } finally {
        made.removeAttribute("aria-busy");
      }
    },
    looks,
  );
  return made;
}

// Secrets

/**
 * @typedef {object} SecretField
 * @property {HTMLElement} node
 * @property {() => boolean} typed
 * @property {() => ?string} text what is typed; `null` for the kept one
 * @property {() => Promise<boolean>} keep keeps what is typed; whether nothing is left to keep
 * @property {() => void} forget what is typed is not wanted any more
 */

/**
 * Asks whether a file will do where there is no keychain.
 *
 * @param {HTMLElement} place
 * @param {string} id
 * @returns {Promise<boolean>}
 */
export const askForFile = (place, id) =>
  new Promise((answer) => {
    const done = (/** @type {boolean} */ yes) => {
      place.replaceChildren();
      answer(yes);
    };
    place.replaceChildren(
      note(
        "warn",
        make("p", { class: "strong", words: "settings-consent-title" }),
        make("p", { words: "settings-consent" }),
        make(
          "div",
          "buttons start",
          button("settings-consent-yes", () => done(true), { id: `${id}-consent-yes` }),
          button("settings-consent-no", () => done(false), { id: `${id}-consent-no` }),
        ),
      ),
    );
    place.querySelector("button")?.focus();
  });

/**
 * @param {"pbx" | "desk"} secret
 * @param {SecretName} name
 * @returns {SecretField}
 */
export function secretField(secret, name) {
  const id = name.replaceAll("_", "-");
  const input = make("input", {
    type: "password",
    id,
    data: { secret: name },
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    "aria-describedby": `${id}-help ${id}-problem`,
    on: { input: changed },
  });
  const where = make("p", { class: "help", id: `${id}-help` });
  const problem = make("span", { id: `${id}-problem` });
  const wrong = make("p", { class: "wrong", hidden: true }, shape("stopped", "shape small"), problem);
  const question = make("div", { role: "alert", class: "question" });
  /** @type {?import("../types.js").Fault} */
  let fault = null;
  const node = make(
    "div",
    { class: "field stack", data: { field: name } },
    make("div", "about", make("label", { class: "label", for: id, words: `settings-${id}` }), where),
    make("span", "state"),
    make("div", "control", input),
    wrong,
    question,
  );

  drawWith(() => {
    const place = model.settings?.secrets[name] ?? null;
    const look = model.settings?.secrets_fault ?? null;
    mark(input, "placeholder", place ? words.text(`settings-secret-in-${place}`) : "");
    const more = words.text(
      place ? `settings-secret-${place === "environment" ? "fixed" : "replace"}` : "settings-secret-none",
    );
    say(where, !place && look ? words.with("settings-secret-unknown", { cause: words.ofCode("cause", look) }) : more);
    input.disabled = place === "environment";
    say(problem, fault ? faultText(fault) : "");
    wrong.hidden = !fault;
    mark(input, "aria-invalid", fault ? "true" : "false");
  });

  async function keep() {
    const text = input.value.trim();
    if (!text) return true;
    /** @param {boolean} file_permitted */
    const want = (file_permitted) => backend.want({ want: "keep_secret", secret, text, file_permitted });
    // What a person typed is not left lying in the page; it comes back only when it could not be kept.
    input.value = "";
    fault = null;
    try {
      take(
        await want(false).catch(async (error) => {
          if (faultOf(error).code !== "consent_needed" || !(await askForFile(question, id))) throw error;
          return want(true);
        }),
      );
      return true;
    } catch (error) {
      fault = faultOf(error);
      input.value = text;
      input.focus();
      changed();
      return false;
    }
  }

  const forget = () => (input.value = "");

  return { node, typed: () => input.value.trim() !== "", text: () => input.value.trim() || null, keep, forget };
}

// Forms

/**
 * @typedef {object} Form
 * @property {HTMLFormElement} node
 * @property {() => boolean} dirty
 * @property {() => Promise<boolean>} save
 */

/**
 * @param {object} parts
 * @param {string} parts.id
 * @param {Field[]} parts.fields
 * @param {SecretField[]} parts.secrets
 * @param {Node[]} parts.body
 * @param {HTMLElement[]} parts.buttons beside "Save"
 * @returns {Form}
 */
export function form({ id, fields, secrets, body, buttons }) {
  const state = make("span", "state");
  let saved = false;
  const submit = make("button", { type: "submit", class: "button", id: `${id}-save`, words: "settings-save" });
  const node = make(
    "form",
    { id, novalidate: true, autocomplete: "off" },
    ...body,
    make("div", "buttons bar", state, submit, ...buttons),
  );
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    saveAll();
  });
  node.addEventListener("input", () => {
    saved = false;
    changed();
  });
  const dirty = () => fields.some((field) => field.dirty()) || secrets.some((secret) => secret.typed());

  drawWith(() => {
    const key = dirty() ? "settings-unsaved" : saved ? "settings-saved" : "";
    state.dataset.state = dirty() ? "unsaved" : saved ? "saved" : "";
    say(state, key ? words.text(key) : "");
  });

  /** The secrets first: with a new address and the old secret the other side would count a wrong try. */
  async function saveAll() {
    for (const secret of secrets) {
      if (!(await secret.keep())) return false;
    }
    const sent = fields.filter((field) => field.dirty());
    const changes = Object.fromEntries(sent.map((field) => [field.key, field.control.read()]));
    const done = sent.length === 0 || (await save(changes));
    if (done) {
      // What was typed meanwhile is not saved yet.
      const before = JSON.stringify(Object.values(changes));
      const now = JSON.stringify(sent.map((field) => field.control.read()));
      if (before === now) for (const field of fields) field.settle();
      saved = true;
      announce(words.text("settings-saved"));
      changed();
    } else {
      /** @type {HTMLElement | null} */ (node.querySelector("[aria-invalid=true]"))?.focus();
    }
    return done;
  }

  return { node, dirty, save: saveAll };
}
