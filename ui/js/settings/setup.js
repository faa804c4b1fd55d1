/**
 * The guided set-up: phone system, Zoho Desk, who am I, try it. Each step borrows the parts of its page, so that
 * what was typed is the same in both places. Where to go on is read off the settings.
 */
import { caller, clean, line, meta, timer } from "../phrases.js";
import { button, make, mark, reshape, say, sayAll, shape, words } from "./dom.js";
import { agentsPage, meParts, refreshOnce } from "./agents.js";
import { deskForm, deskPage, deskParts, deskStatus } from "./desk.js";
import { card, help, worker } from "./forms.js";
import { changed, drawWith, model, valueOf, view } from "./model.js";
import { linkLine, telephoneForm, telephonePage, telephoneParts } from "./telephone.js";

/**
 * @typedef {object} Step
 * @property {string} id
 * @property {HTMLElement[]} parts
 * @property {?HTMLElement} home where the parts belong
 * @property {?import("./forms.js").Form} form
 * @property {() => boolean} done
 */

/** @type {Step[]} */
const STEPS = [
  {
    id: "telephone",
    parts: telephoneParts,
    home: telephonePage.querySelector(".parts"),
    form: telephoneForm,
    done: () => view()?.pbx.state === "up",
  },
  {
    id: "desk",
    parts: deskParts,
    home: deskPage.querySelector(".parts"),
    form: deskForm,
    done: () => deskStatus() === "connected",
  },
  {
    id: "me",
    parts: meParts,
    home: agentsPage.querySelector(".parts"),
    form: null,
    done: () => (valueOf("pbx.extensions") ?? []).length > 0 && STEPS[1].done(),
  },
  { id: "try", parts: [tryIt()], home: null, form: null, done: () => false },
];

/** The step on the screen; `-1` while the set-up is not. */
let at = -1;
/** Chosen by the person, and where to come back to. */
let chosen = -1;

const dots = STEPS.map((step, index) =>
  make(
    "li",
    { data: { step: step.id } },
    make(
      "button",
      { type: "button", class: "step", id: `step-${step.id}`, on: { click: () => go(index) } },
      make("span", "dot", shape("check", "shape small"), make("span", {}, String(index + 1))),
      make("span", { words: `settings-step-${step.id}` }),
      make("span", "unseen"),
    ),
  ),
);
const intro = make("p", "help lead");
const slot = make("div", { class: "parts", id: "setup-step" });
const back = button("settings-back", () => go(at - 1), { id: "setup-back" });
const next = worker("settings-next", forward, { class: "button primary", id: "setup-next" });

export const setupPage = make(
  "div",
  { class: "page", id: "page-setup", data: { page: "setup" }, hidden: true },
  make(
    "div",
    "head",
    make("h1", { words: "settings-nav-setup", tabindex: "-1" }),
    make("a", { href: "#phone-system", class: "leave", id: "setup-leave", words: "settings-setup-leave" }),
  ),
  make("ol", { class: "stepper", label: "settings-steps" }, ...dots),
  intro,
  slot,
  make("div", "buttons setup", back, next),
);

drawWith(() => {
  if (at < 0) return;
  dots.forEach((dot, index) => {
    const step = STEPS[index];
    dot.dataset.state = index === at ? "current" : step.done() ? "done" : "open";
    const press = /** @type {HTMLElement} */ (dot.firstElementChild);
    mark(press, "aria-current", index === at ? "step" : null);
    say(
      /** @type {Element} */ (press.lastElementChild),
      index !== at && step.done() ? words.text("settings-step-done") : "",
    );
  });
  const step = STEPS[at];
  say(intro, words.text(`settings-step-${step.id}-help`));
  back.hidden = at === 0;
  const last = at === STEPS.length - 1;
  const key = last
    ? "settings-finish"
    : step.form?.dirty()
      ? "settings-save-and-next"
      : step.done()
        ? "settings-next"
        : "settings-next-anyway";
  if (next.dataset.words !== key) {
    next.dataset.words = key;
    say(next, words.text(key));
  }
});

/** Shows the step that was left, or the first that is not done. */
export function enter() {
  const open = STEPS.findIndex((step) => !step.done());
  show(chosen >= 0 ? chosen : Math.max(0, open));
}

/** Gives the borrowed parts back. */
export function leave() {
  for (const { home, parts } of STEPS) {
    if (home && parts[0].parentElement !== home) home.prepend(...parts);
  }
  at = -1;
}

/** @param {number} index */
function show(index) {
  if (at === index) return;
  leave();
  at = index;
  const step = STEPS[at];
  slot.replaceChildren(...step.parts);
  // While they were away, another language may have been chosen.
  sayAll();
  if (step.id === "me") refreshOnce();
  if (step.id === "try") since = Date.now();
  changed();
}

/** @param {number} index */
function go(index) {
  chosen = Math.min(Math.max(0, index), STEPS.length - 1);
  show(chosen);
  document.getElementById("content")?.scrollTo(0, 0);
  document.getElementById(`step-${STEPS[at].id}`)?.focus();
}

async function forward() {
  const { form } = STEPS[at];
  if (form?.dirty() && !(await form.save())) return;
  if (at < STEPS.length - 1) go(at + 1);
  else {
    chosen = -1;
    location.hash = "#pop-up";
  }
}

// Try it

/** Calls before this step are of no interest. */
let since = Number.MAX_SAFE_INTEGER;

function tryIt() {
  const picture = make("div", "ring", shape("phone", "picture"));
  const title = make("h2");
  const text = make("p", "help");
  const list = make("ul", { class: "happened", "aria-live": "polite" });
  const state = make("div", { class: "trial", data: { phase: "waiting" } }, picture, title, text);
  const lines = [
    ["rang", "inbound"],
    ["who", "agents"],
    ["tab", "open"],
  ].map(([id, name]) => make("li", { data: { happened: id }, hidden: true }, shape(name), make("span")));
  list.append(...lines);

  function draw() {
    const now = view();
    if (at !== STEPS.length - 1 || !now) return;
    const call = now.calls.at(-1) ?? now.recent.find((it) => it.began_ms >= since) ?? null;
    const ready = now.pbx.state === "up" && now.desk.state === "up";
    state.dataset.phase = call
      ? call.over_ms === null && !call.closed
        ? call.phase
        : "over"
      : ready
        ? "waiting"
        : "not_ready";
    const extensions = now.extensions.join(", ");
    if (call) {
      say(title, caller(call, words));
      const length = timer((call.over_ms ?? Date.now()) - (call.answered_ms ?? call.began_ms));
      say(text, [words.ofCode("phase", call.phase), length, meta(call, words, 2)].join(" · "));
    } else {
      say(title, words.text(ready ? "settings-try-title" : "settings-try-not-ready"));
      say(
        text,
        ready
          ? words.with("settings-try", { count: now.extensions.length, extensions })
          : words.text("settings-try-not-ready-help"),
      );
    }
    const record = call?.who.records.length === 1 ? call.who.records[0] : null;
    const found = record ? [clean(record.name), clean(record.company)].filter(Boolean).join(" · ") : "";
    const who = call
      ? words.ofCode("who", call.who.state, {
          count: call.who.records.length,
          cause: call.who.cause ? words.ofCode("cause", call.who.cause) : "",
        })
      : "";
    const tab = call && call.why.code !== "undecided" ? line(call, words) : "";
    const texts = [call ? words.text("settings-try-rang") : "", found ? `${who}: ${found}` : who, tab];
    const opened = call?.why.code === "opened_by_rule" || call?.why.code === "opened_by_agent";
    const good = [true, call?.who.state === "known", opened];
    lines.forEach((item, index) => {
      item.hidden = !texts[index];
      item.dataset.state = good[index] ? "up" : "not_set_up";
      reshape(/** @type {Element} */ (item.firstElementChild), good[index] ? "up" : "off");
      say(/** @type {Element} */ (item.lastElementChild), texts[index]);
    });
  }
  drawWith(draw);
  setInterval(draw, 1000);
  return make(
    "div",
    "parts",
    card(null, make("div", "links", linkOf("pbx"), linkOf("desk"))),
    card(null, state, list),
    help("settings-try-help"),
  );
}

/** @param {"pbx" | "desk"} which */
function linkOf(which) {
  return make("div", {}, make("p", { class: "help", words: `link-${which}` }), linkLine(which));
}

/** Whether nobody has set anything up yet. */
export const isFirstStart = () =>
  model.settings !== null &&
  valueOf("pbx.url") === null &&
  (view()?.pbx.state === "not_set_up" || view()?.desk.state === "not_set_up");
