/**
 * The panel: draws the last stage it was given and sends what a person presses. Joins the parts of the window; each part
 * draws its own. Keeps no truth of its own; the timer and the countdown are read off the view and the clock.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").Stage} Stage
 * @typedef {import("./types.js").View} View
 *
 * What the parts of the window work with.
 *
 * @typedef {object} Kit
 * @property {Words} words
 * @property {() => ?View} view the last one
 * @property {(command: object | string) => Promise<boolean>} send whether a command is on its way; a failure is said
 * @property {(request: {want: string, [value: string]: unknown}) => Promise<any>} assist an answer; a failure is the caller's
 * @property {(request: {want: string, [value: string]: unknown}) => Promise<boolean>} ask the same, where a failure is said
 * @property {(text: string) => void} announce says something to screen readers, once
 * @property {(text: string) => void} tell says something to everybody, for a while
 * @property {(call: Call) => void} add looks for a contact who is to get the number of a call
 * @property {() => void} redraw
 */
import * as backend from "./backend.js";
import { drawCalls, drawStrip, drawTimers } from "./card.js";
import { Choosing } from "./choosing.js";
import { Dialing } from "./dial.js";
import { button, byId, drawIcons, element, inside, keyed, reshape, say, shape } from "./dom.js";
import { History } from "./history.js";
import * as phrases from "./phrases.js";
import { Unwritten } from "./unwritten.js";
import { Words } from "./words.js";
import { WrapUp } from "./wrap_up.js";

/** A word for everybody stays this long. */
const TOLD_MS = 6000;
/** A window that nobody has used for so long, with nothing in it to wait for, gives its memory back. */
const IDLE_MS = 10 * 60_000;

/** @type {Words} */
let words;
/** @type {Stage} */
let shown = { stage: "waiting" };
let news = "";
let named = "";
/** The call whose number is to be added to somebody. @type {?Call} */
let adding = null;
let told = 0;
/** When somebody last did something here, or a call was on. */
let used = Date.now();

const view = () => (shown.stage === "connected" ? shown.view : null);

/** @param {string} text */
const announce = (text) => say(byId("news"), text);

/** @param {string} text */
function tell(text) {
  const place = byId("told");
  say(place, text);
  place.hidden = false;
  clearTimeout(told);
  told = setTimeout(() => (place.hidden = true), TOLD_MS);
}

/** @param {() => Promise<unknown>} work @returns {Promise<boolean>} whether it went well */
async function attempt(work) {
  const failed = byId("failed");
  try {
    await work();
    failed.hidden = true;
    return true;
  } catch (fault) {
    const { code = String(fault), detail = null } = /** @type {any} */ (fault) ?? {};
    say(failed, words.with("panel-failed", { cause: phrases.cause(code, detail, words) }));
    failed.hidden = false;
    return false;
  }
}

// Connections: one thin line while both work, and what is wrong otherwise.

/** @param {View} view */
function drawLinks(view) {
  const links = [
    { key: "pbx", name: words.text("link-pbx"), link: view.pbx },
    { key: "desk", name: words.text("link-desk"), link: view.desk },
  ];
  byId("links").classList.toggle("well", links.every(({ link }) => link.state === "up"));
  keyed(
    byId("links"),
    links,
    ({ key }) => key,
    () => element("li", "", shape("up"), element("span", "text", element("span", "name"), element("span", "state"))),
    (item, { name, link }) => {
      item.dataset.state = link.state;
      reshape(/** @type {Element} */ (item.firstElementChild), phrases.LINK_SHAPES[link.state] ?? "off");
      say(inside(item, ".name"), name);
      const state = phrases.linkState(link, Date.now(), words);
      say(inside(item, ".state"), state);
      const detail = phrases.clean(link.detail);
      item.title = detail ? `${state}\n${detail}` : state;
    },
  );
}

/** @param {View} view */
function drawProblems(view) {
  byId("problems").hidden = view.problems.length === 0;
  say(byId("problems-summary"), words.with("panel-problems", { count: view.problems.length }));
  keyed(
    byId("problem-list"),
    view.problems,
    ({ key, code }) => `${key} ${code}`,
    () => element("li"),
    (item, { key, code }) => {
      say(item, words.with("problem-line", { key, problem: words.ofCode("problem", code) }));
    },
  );
}

// What others read: the news of the newest call, and the window's name.

/** @param {View} view */
function drawNews(view) {
  const newest = view.calls.at(-1);
  const parts = [];
  if (newest) {
    const phase = words.ofCode("phase", newest.phase);
    parts.push(words.with("panel-call-news", { phase, caller: phrases.caller(newest, words) }));
  }
  if (newest?.who.state === "several") {
    parts.push(words.with("chooser-heading", { count: newest.who.records.length }));
  }
  const text = parts.join(" · ");
  if (text !== news) announce(text);
  news = text;
  const call = newest && phrases.asOthersSee(newest, view.caller_shown);
  const values = call && { phase: words.ofCode("phase", call.phase), caller: phrases.caller(call, words) };
  const name = values ? words.with("title-call", values) : words.text("app-name");
  if (name !== named) backend.title(phrases.clean(name)).catch(() => {});
  named = name;
}

/** @param {View} view */
function drawPopup(view) {
  const text = phrases.popup(view.popup, words);
  const where = byId("popup");
  say(where, text);
  where.title = text;
  byId("resume").hidden = view.popup.pause === null;
  byId("pause").hidden = view.popup.pause !== null || view.popup.mode !== "automatic";
}

/** Forms that were begun. @param {View} view */
function drawDrafts(view) {
  const place = byId("drafts");
  place.hidden = view.drafts.length === 0;
  keyed(
    place,
    view.drafts,
    ({ key }) => key,
    ({ key }) =>
      element(
        "li",
        "draft",
        shape("draft"),
        element("span", "text"),
        button("slight", words.text("draft-continue"), () => kit.send({ continue_form: { key } })),
        discarding(key),
      ),
    (line, draft) => {
      const name = view.caller_shown === "name" ? phrases.clean(draft.name) : "";
      const number = phrases.numberOthersSee(phrases.clean(draft.number_text), view.caller_shown);
      const title = words.text(draft.kind === "account" ? "form-title-account" : "form-title");
      const text = words.with("draft-line", { who: name || number || title });
      say(inside(line, ".text"), text);
      inside(line, ".text").title = text;
    },
  );
}

/** What is gone cannot be had back: pressed once it asks, pressed again it does. @param {string} key */
function discarding(key) {
  const made = button("slight", words.text("draft-discard"), () => {
    if (made.classList.contains("sure")) kit.ask({ want: "discard_draft", key });
    else doubt(true);
  });
  const doubt = (/** @type {boolean} */ asks) => {
    made.classList.toggle("sure", asks);
    say(made, words.text(asks ? "draft-discard-sure" : "draft-discard"));
  };
  made.addEventListener("blur", () => doubt(false));
  return made;
}

// Pages beside the calls

/** @type {?import("./form.js").Form} */
let form = null;
/** @type {?import("./adding.js").Adding} */
let adder = null;

/** @param {View} view */
async function drawPage(view) {
  const page = view.form ? "form" : adding ? "adding" : "calls";
  const before = document.body.dataset.page;
  document.body.dataset.page = page;
  drawStrip(byId("strip"), view, kit);
  if (page === "calls") {
    if (before === "form") form?.hide();
    if (before && before !== "calls") landOnCalls();
    return;
  }
  const [forms, adders] = await Promise.all([import("./form.js"), import("./adding.js")]);
  form ??= new forms.Form(kit);
  adder ??= new adders.Adding(kit, () => {
    adding = null;
    redraw();
  });
  const key = kit.view()?.form;
  if (key) {
    adding = null;
    if (byId("page").firstElementChild !== form.element) byId("page").replaceChildren(form.element);
    form.show(key);
  } else if (adding && byId("page").firstElementChild !== adder.element) {
    byId("page").replaceChildren(adder.element);
    adder.show(adding);
  }
}

function landOnCalls() {
  byId("page").replaceChildren();
  const place = [".card .lands", ".draft button", ".row .lands", "#search"].map((css) => document.querySelector(css));
  /** @type {?HTMLElement} */ (place.find((it) => it !== null))?.focus();
}

// All of it

/** @type {Kit} */
let kit;
/** @type {Choosing} */
let choosing;
/** @type {History} */
let past;
/** @type {WrapUp} */
let wrapUp;
/** @type {Unwritten} */
let unwritten;
/** @type {Dialing} */
let dialing;

/** @param {Stage} stage */
function draw(stage) {
  shown = stage;
  document.body.dataset.stage = stage.stage;
  if (stage.stage === "connected") {
    const goOn = keepChoosing(stage.view);
    drawLinks(stage.view);
    drawProblems(stage.view);
    unwritten.draw(stage.view);
    dialing.draw(stage.view);
    drawDrafts(stage.view);
    wrapUp.draw(stage.view);
    drawCalls(stage.view, kit, choosing);
    past.draw(stage.view);
    drawPopup(stage.view);
    drawPage(stage.view);
    drawNews(stage.view);
    drawTime();
    goOn();
    choosing.settle();
    return;
  }
  const texts = {
    waiting: [words.text("panel-waiting-title"), ""],
    gone: [words.text("panel-gone-title"), words.text("panel-gone")],
    other_version: [words.text("panel-other-version-title"), words.text("panel-other-version")],
  }[stage.stage];
  say(byId("apart-title"), texts[0]);
  say(byId("apart-text"), texts[1]);
}

function redraw() {
  draw(shown);
}

/**
 * A call may end while somebody is choosing whose it is: the list goes on below the past call.
 *
 * @param {View} view
 * @returns {() => void} to be called when all is drawn
 */
function keepChoosing(view) {
  const [key, chooser] = choosing.held() ?? [];
  const isOver = !view.calls.some((call) => phrases.keyOfCall(call) === key);
  if (!key || !chooser || past.isOpen(key) || !isOver) return () => {};
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const hadFocus = chooser.element.contains(focused);
  past.expand(key);
  return () => {
    if (hadFocus && chooser.element.isConnected) focused?.focus();
  };
}

/** What changes without a new view. */
function drawTime() {
  const now = view();
  const waits = now && (now.calls.length > 0 || document.body.dataset.page !== "calls" || !byId("wrap-up").hidden);
  if (waits || document.hasFocus()) used = Date.now();
  else if (Date.now() - used > IDLE_MS) backend.close();
  if (!now) return;
  drawTimers(now, byId("calls"));
  drawTimers(now, byId("strip"));
  if (now.pbx.retry_at_ms !== null || now.desk.retry_at_ms !== null) drawLinks(now);
}

function drawFixed() {
  document.documentElement.lang = words.language;
  drawIcons();
  for (const fixed of document.querySelectorAll("[data-words]")) {
    say(fixed, words.text(/** @type {HTMLElement} */ (fixed).dataset.words ?? ""));
  }
  for (const fixed of document.querySelectorAll("[data-words-label]")) {
    fixed.setAttribute("aria-label", words.text(/** @type {HTMLElement} */ (fixed).dataset.wordsLabel ?? ""));
  }
  say(inside(byId("pause"), "[data-minutes='15']"), words.with("popup-pause-minutes", { minutes: 15 }));
  say(inside(byId("pause"), "[data-minutes='60']"), words.with("popup-pause-hours", { hours: 1 }));
}

/** @param {KeyboardEvent} event */
function press(event) {
  const pause = /** @type {HTMLDetailsElement} */ (byId("pause"));
  const onCalls = document.body.dataset.page === "calls";
  const chooser = onCalls ? choosing.current() : undefined;
  const isChoosing = chooser?.element.contains(document.activeElement) ?? false;
  if (event.key === "w" && (event.ctrlKey || event.metaKey)) {
    backend.close();
  } else if (event.defaultPrevented || event.isComposing) {
    // Somebody else's key.
  } else if (onCalls && wrapUp.press(event, !chooser)) {
    event.preventDefault();
  } else if (event.key !== "Escape") {
    const types = /** @type {Element} */ (event.target).matches?.("input, textarea, select");
    if (!isChoosing && !pause.open && !types) chooser?.press(event);
  } else if (pause.open) {
    pause.open = false;
    inside(pause, "summary").focus();
  } else if (!onCalls) {
    if (view()?.form) form?.back();
    else adding = null;
    redraw();
  } else if (isChoosing && chooser?.clear()) {
    // What was typed is given up first.
  } else if (isChoosing && chooser?.element.closest(".row")) {
    const row = /** @type {HTMLElement} */ (chooser.element.closest(".row"));
    inside(row, ".open").focus();
    past.open(null);
  } else backend.close();
}

function listenToPeople() {
  const pause = /** @type {HTMLDetailsElement} */ (byId("pause"));
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const minutes = /** @type {HTMLElement | null} */ (target.closest("[data-minutes]"))?.dataset.minutes;
    if (minutes !== undefined) kit.send({ pause: { minutes: minutes === "" ? null : Number(minutes) } });
    if (!pause.contains(target) || minutes !== undefined) pause.open = false;
  });
  byId("resume").addEventListener("click", () => kit.send("resume"));
  byId("settings").addEventListener("click", () => kit.send({ show: { window: "settings" } }));
  byId("seen-missed").addEventListener("click", async () => {
    if (await kit.send("seen_missed")) announce(words.text("panel-seen-missed-done"));
  });
  document.addEventListener("keydown", press);
  for (const use of ["pointermove", "wheel"]) {
    document.addEventListener(use, () => (used = Date.now()), { passive: true });
  }
  for (const moved of ["focusin", "focusout"]) document.addEventListener(moved, () => choosing.listen());
  // The window is an application's, not a page's.
  document.addEventListener("contextmenu", (event) => event.preventDefault());
}

words = new Words(await backend.words());
kit = {
  words,
  view,
  send: (command) => attempt(() => backend.command(command)),
  assist: backend.assist,
  ask: (request) => attempt(() => backend.assist(request)),
  announce,
  tell,
  add: (call) => {
    adding = call;
    redraw();
  },
  redraw,
};
choosing = new Choosing(kit);
past = new History(kit, choosing);
wrapUp = new WrapUp(kit);
unwritten = new Unwritten(kit);
dialing = new Dialing(kit);
drawFixed();
listenToPeople();
await backend.watch(draw);
await backend.ready();
setInterval(drawTime, 1000);
