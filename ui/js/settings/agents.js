/**
 * Agents and extensions: who I am, and which extension belongs to which agent. Hundreds of agents are usual: a row is
 * filled in when it comes into sight.
 *
 * @typedef {import("../types.js").Agent} Agent
 * @typedef {import("../types.js").Binding} Binding
 * @typedef {import("../types.js").Directory} Directory
 * @typedef {{id: string, agent: ?Agent, extension: string, at: number}} Row
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, fill, keyed, make, mark, say, words } from "./dom.js";
import { faultText, problemOf } from "./fields.js";
import { card, help, note, page, worker } from "./forms.js";
import { changed, drawWith, faultOf, isLocked, load, model, notes, save, valueOf, view } from "./model.js";

/** More choices than these are not made before somebody looks at them. */
const OPTIONS_AT_ONCE = 4000;

/** @type {?Directory} */
let directory = null;
/** @type {?import("../types.js").Fault} */
let fault = null;
/** What the last automatic binding came to. @type {?{bound: Binding[], ambiguous: string[]}} */
let outcome = null;
let asking = false;

export async function refresh() {
  if (asking) return;
  asking = true;
  changed();
  try {
    directory = await backend.want({ want: "directory" });
    fault = null;
  } catch (error) {
    fault = faultOf(error);
  } finally {
    asking = false;
    changed();
  }
}

/** Asks once, when somebody looks and there is somebody to answer. */
export function refreshOnce() {
  if (!directory && !fault && view()) refresh();
}

/** @returns {Binding[]} */
const bindings = () => valueOf("bindings") ?? [];

/** @param {import("../types.js").Extension} extension */
const nameOf = ({ number, name }) => (clean(name) ? `${number} · ${clean(name)}` : number);

/** @param {Row} row @param {string} extension empty for none */
async function bind(row, extension) {
  const others = bindings().filter((it) => !(it.agent_id === row.id && it.extension === row.extension));
  const next = extension ? [...others, { extension, agent_id: row.id }] : others;
  const done = await save({ bindings: next });
  announce(done ? words.text("settings-saved") : problemOf("bindings", true));
}

/** @param {"email" | "extn"} by */
async function bindBy(by) {
  try {
    outcome = await backend.want({ want: "bind", by });
    fault = null;
    await load();
    announce(words.with("settings-bound", { count: outcome?.bound.length ?? 0 }));
  } catch (error) {
    fault = faultOf(error);
  }
  changed();
}

// Who I am

/**
 * The bindings with this extension for whoever signed in; `null` where that is bound already, or another's.
 *
 * @param {string} extension
 */
function bindingsWithMe(extension) {
  /** @type {{extension: string, agent_id: string}[]} */
  const rows = valueOf("bindings") ?? [];
  const taken = rows.some((row) => row.extension === extension || row.agent_id === directory?.me);
  if (!directory?.me || !extension || taken || isLocked("bindings")) return null;
  return [...rows, { extension, agent_id: directory.me }];
}

function meCard() {
  const who = make("p");
  const select = make("select", { id: "my-extension" });
  let touched = false;
  select.addEventListener("change", () => (touched = true));
  const now = make("p", "help");
  const state = make("span", "state");
  const problem = make("div", { role: "alert" });
  const use = worker(
    "settings-me-use",
    async () => {
      if (!select.value) return;
      const bindings = bindingsWithMe(select.value);
      const done = await save({ "pbx.extensions": [select.value], ...(bindings && { bindings }) });
      touched = false;
      announce(done ? words.text("settings-saved") : problemOf("pbx.extensions", true));
    },
    { class: "button primary", id: "my-extension-use" },
  );
  const row = make(
    "div",
    "field row",
    make("div", "about", make("label", { class: "label", for: "my-extension", words: "settings-me-extension" }), now),
    state,
    make("div", "control", select, use),
  );
  drawWith(() => {
    const me = directory?.agents.find(({ id }) => id === directory?.me);
    const known = directory?.extensions ?? [];
    const mine = valueOf("pbx.extensions") ?? [];
    const proposed = directory?.proposed_extension ?? mine[0] ?? "";
    if (!directory) say(who, words.text(asking ? "settings-loading" : "settings-me-unknown"));
    else if (!me) say(who, words.text("settings-me-not-signed-in"));
    else say(who, words.with("settings-me-is", { name: clean(me.name), email: clean(me.email) || "–" }));
    const options = known.map((it) => ({ value: it.number, text: nameOf(it) }));
    fill(select, [{ value: "", text: words.text("settings-choose") }, ...options], touched ? select.value : proposed);
    select.disabled = isLocked("pbx.extensions") || (known.length === 0 && !proposed);
    const same = mine.length === 1 && mine[0] === select.value && bindingsWithMe(select.value) === null;
    use.disabled = select.disabled || !select.value || same;
    const watched = words.with("settings-me-watched", { count: mine.length, extensions: mine.join(", ") });
    const found =
      directory?.proposed_extension && !same
        ? words.with("settings-me-proposed", { extension: directory.proposed_extension })
        : "";
    const locked = isLocked("pbx.extensions")
      ? words.with("settings-locked", { file: model.settings?.policy ?? "" })
      : "";
    say(now, [found, watched, locked].filter(Boolean).join(" "));
    const note = notes.get("pbx.extensions");
    state.dataset.state = same ? "saved" : "";
    say(state, same ? words.text("settings-me-mine") : note?.state === "saving" ? words.text("settings-saving") : "");
    const cause = directory?.extensions_cause ? words.ofCode("cause", directory.extensions_cause) : "";
    const text = [problemOf("pbx.extensions", false), cause && words.with("settings-no-extensions", { cause })]
      .filter(Boolean)
      .join(" ");
    if (problem.textContent !== text) problem.replaceChildren(...(text ? [warning(text)] : []));
  });
  select.addEventListener("change", changed);
  return card("settings-me-title", who, row, problem);
}

/** @param {string} text */
const warning = (text) => note("warn", make("p", {}, text));

// Everybody

function tableCard() {
  const filter = make("input", {
    type: "search",
    id: "agents-filter",
    hint: "settings-agents-filter",
    label: "settings-agents-filter",
    on: { input: changed },
  });
  const body = make("tbody", { role: "rowgroup" });
  const count = make("p", { class: "help", role: "status" });
  const messages = make("div", { class: "messages", "aria-live": "polite" });
  const state = make("span", "state");
  const table = make(
    "table",
    { data: { field: "bindings" }, role: "table" },
    make("caption", { class: "unseen", words: "settings-nav-agents" }),
    make(
      "thead",
      { role: "rowgroup" },
      make(
        "tr",
        { role: "row" },
        ...["agent", "email", "extn", "extension"].map((it) =>
          make("th", { scope: "col", role: "columnheader", words: `settings-agents-${it}` }),
        ),
      ),
    ),
    body,
  );
  const again = worker("settings-refresh", refresh, { class: "button small", id: "agents-refresh" });
  const byEmail = worker("settings-bind-email", () => bindBy("email"), { id: "bind-email" });
  const byExtn = worker("settings-bind-extn", () => bindBy("extn"), { id: "bind-extn" });

  const sight = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        if (isIntersecting) complete(/** @type {HTMLElement} */ (target));
      }
    },
    { root: document.getElementById("content"), rootMargin: "200px" },
  );

  /** The row of each element. @type {WeakMap<Element, Row>} */
  const rowOf = new WeakMap();

  /** @param {HTMLElement} element */
  function complete(element) {
    const row = rowOf.get(element);
    const select = element.querySelector("select");
    if (!row || !select) return;
    const owner = new Map(bindings().map((it) => [it.extension, it.agent_id]));
    const names = new Map((directory?.agents ?? []).map(({ id, name }) => [id, clean(name)]));
    const options = (directory?.extensions ?? []).map((it) => {
      const other = owner.get(it.number);
      const taken = other !== undefined && it.number !== row.extension;
      const text = taken
        ? words.with("settings-agents-taken", { extension: nameOf(it), agent: names.get(other) ?? other })
        : nameOf(it);
      return { value: it.number, text, off: taken };
    });
    fill(select, [{ value: "", text: words.text("settings-agents-none") }, ...options], row.extension);
  }

  /** @param {Row} first */
  function create(first) {
    const select = make("select", { data: { key: "bindings", agent: first.id } });
    const element = make(
      "tr",
      { role: "row" },
      make("th", { scope: "row", role: "rowheader" }),
      ...[null, null, select].map((inside) => make("td", { role: "cell" }, inside)),
    );
    select.addEventListener("focus", () => complete(element));
    select.addEventListener("change", () => {
      const row = rowOf.get(element);
      if (row) bind(row, select.value);
    });
    sight.observe(element);
    return element;
  }

  /** @param {HTMLElement} element @param {Row} row */
  function draw(element, row) {
    rowOf.set(element, row);
    const [name, email, extn, cell] = /** @type {HTMLElement[]} */ ([...element.children]);
    const shown = row.agent ? clean(row.agent.name) || row.id : words.with("settings-agents-gone", { id: row.id });
    say(name, shown);
    say(email, clean(row.agent?.email) || "–");
    say(extn, clean(row.agent?.extn) || "–");
    const select = /** @type {HTMLSelectElement} */ (cell.firstElementChild);
    mark(select, "aria-label", words.with("settings-agents-extension-of", { agent: shown }));
    select.disabled = isLocked("bindings");
    const known = directory?.extensions.find(({ number }) => number === row.extension);
    // Of very many, the rest of the choices comes with the row's being seen.
    const many = (directory?.agents.length ?? 0) * (directory?.extensions.length ?? 0) > OPTIONS_AT_ONCE;
    if (many && select.options.length === 0) {
      const none = words.text("settings-agents-none");
      fill(select, [{ value: row.extension, text: known ? nameOf(known) : row.extension || none }], row.extension);
    } else complete(element);
  }

  /** What the rows were drawn from; a call ringing is no reason to draw five hundred rows. */
  let drawn = "";
  /** @type {?Directory} */
  let drawnDirectory = null;
  drawWith(() => {
    mark(again, "aria-busy", asking ? "true" : null);
    for (const each of [byEmail, byExtn])
      each.disabled = isLocked("bindings") || !directory || directory.agents.length === 0;
    const note = notes.get("bindings");
    state.dataset.state = note?.state === "saved" || note?.state === "saving" ? note.state : "";
    say(state, state.dataset.state ? words.text(`settings-${state.dataset.state}`) : "");
    drawMessages();
    const all = rows();
    const key = JSON.stringify([bindings(), isLocked("bindings"), words.language, asking]);
    if (key !== drawn || directory !== drawnDirectory) {
      drawn = key;
      drawnDirectory = directory;
      keyed(body, all, ({ id, at }) => `${id} ${at}`, create, draw);
    }
    const wanted = clean(filter.value).toLocaleLowerCase();
    let matching = 0;
    all.forEach(({ id, agent, extension }, index) => {
      const texts = [id, agent?.name, agent?.email, agent?.extn, extension];
      const fits = texts.some((it) => (it ?? "").toLocaleLowerCase().includes(wanted));
      if (fits) matching += 1;
      const row = /** @type {HTMLElement} */ (body.children[index]);
      if (row.hidden === fits) row.hidden = !fits;
    });
    table.hidden = matching === 0;
    filter.hidden = all.length === 0;
    const empty = asking ? "settings-loading" : directory ? "settings-agents-empty" : "settings-agents-not-loaded";
    const bound = all.filter(({ extension }) => extension).length;
    say(
      count,
      all.length === 0
        ? words.text(empty)
        : words.with("settings-agents-count", { count: all.length, bound, shown: matching }),
    );
  });

  /** @returns {Row[]} one for each agent, and one more for each further extension */
  function rows() {
    const by = new Map(/** @type {[string, string[]][]} */ ([]));
    for (const { agent_id, extension } of bindings()) by.set(agent_id, [...(by.get(agent_id) ?? []), extension]);
    const agents = directory?.agents ?? [];
    const known = new Set(agents.map(({ id }) => id));
    const strangers = [...by.keys()].filter((id) => !known.has(id));
    return [
      ...agents.flatMap((agent) =>
        (by.get(agent.id) ?? [""]).map((extension, at) => ({ id: agent.id, agent, extension, at })),
      ),
      ...strangers.flatMap((id) => (by.get(id) ?? []).map((extension, at) => ({ id, agent: null, extension, at }))),
    ];
  }

  function drawMessages() {
    const texts = [
      fault ? faultText(fault) : "",
      directory?.agents_cause
        ? words.with("settings-no-agents", { cause: words.ofCode("cause", directory.agents_cause) })
        : "",
      directory?.extensions_cause
        ? words.with("settings-no-extensions", { cause: words.ofCode("cause", directory.extensions_cause) })
        : "",
      problemOf("bindings", false),
      problemOf("bindings.extension", false),
      problemOf("bindings.agent_id", false),
      outcome && outcome.ambiguous.length > 0
        ? words.with("settings-ambiguous", {
            count: outcome.ambiguous.length,
            names: outcome.ambiguous.map((it) => named(it)).join(", "),
          })
        : "",
      outcome && directory ? unbound() : "",
      isLocked("bindings") ? words.with("settings-locked", { file: model.settings?.policy ?? "" }) : "",
    ].filter(Boolean);
    const good = outcome ? words.with("settings-bound", { count: outcome.bound.length }) : "";
    const all = [...(good ? [good] : []), ...new Set(texts)];
    keyed(
      messages,
      all,
      (it) => it,
      (it) => note(it === good ? "good" : "warn", make("p", {}, it)),
      () => {},
    );
  }

  /** @param {string} id of an agent, or an extension or mail address */
  const named = (id) => clean(directory?.agents.find((it) => it.id === id)?.name) || clean(id);

  /** Who has no extension yet. */
  function unbound() {
    const bound = new Set(bindings().map(({ agent_id }) => agent_id));
    const missing = (directory?.agents ?? [])
      .filter(({ id }) => !bound.has(id))
      .map(({ name, id }) => clean(name) || id);
    if (missing.length === 0) return "";
    const names = missing.slice(0, 10).join(", ") + (missing.length > 10 ? " …" : "");
    return words.with("settings-unbound", { count: missing.length, names });
  }

  return card(
    null,
    make("div", "head", make("h2", { words: "settings-agents-table" }), state, again),
    help("settings-agents-help"),
    make("div", "buttons start", byEmail, byExtn),
    messages,
    make("div", "search", filter),
    count,
    make("div", { class: "table", tabindex: "-1" }, table),
  );
}

export const meParts = [meCard()];
export const agentsPage = page(
  "agents",
  make("div", { class: "parts", data: { parts: "me" } }, ...meParts),
  tableCard(),
);
