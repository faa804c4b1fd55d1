/**
 * The panel: draws the last stage it was given and sends what a person presses. Keeps no truth of its own;
 * the timer and the countdown are read off the view and the clock.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").Stage} Stage
 * @typedef {import("./types.js").View} View
 */
import * as backend from "./backend.js";
import { Chooser } from "./chooser.js";
import * as phrases from "./phrases.js";
import { Words } from "./words.js";

const SHAPE_OF_LINK = {
  up: "up",
  connecting: "connecting",
  down: "down",
  stopped: "stopped",
  disabled: "off",
  not_set_up: "off",
};
const SVG = "http://www.w3.org/2000/svg";

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {Words} */
let words;
/** @type {Stage} */
let shown = { stage: "waiting" };
let news = "";
/** By the key of their call; those on the page. @type {Map<string, Chooser>} */
const choosers = new Map();
/** The past call whose matches are shown below it. @type {?string} */
let openRow = null;
/** Calls whose choice was forgotten since: another call of the number offers all matches again. @type {Set<string>} */
const forgotten = new Set();

/** @param {Call} call */
const keyOfCall = (call) => `${call.call} ${call.extension}`;

/** @param {string} tag @param {string} [className] @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {string} name */
function shape(name, className = "shape") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#shape-${name}`);
  svg.append(use);
  return svg;
}

/** Writes only what changed, so that nothing flickers and a selection stays. @param {Element} where @param {string} text */
function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/** As `say`, for a line that may be cut off. @param {HTMLElement} where @param {string} text */
function sayLine(where, text) {
  say(where, text);
  where.hidden = !text;
  if (where.title !== text) where.title = text;
}

/** @param {SVGElement} svg @param {string} name */
function reshape(svg, name) {
  const use = /** @type {Element} */ (svg.firstElementChild);
  if (use.getAttribute("href") !== `#shape-${name}`) use.setAttribute("href", `#shape-${name}`);
}

/**
 * Keeps one child for each item, in order. Children are reused, so focus and animations survive.
 *
 * @template T
 * @param {HTMLElement} parent
 * @param {T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} make
 * @param {(child: HTMLElement, item: T) => void} draw
 */
function keyed(parent, items, keyOf, make, draw) {
  const before = new Map([...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = /** @type {HTMLElement | undefined} */ (before.get(key));
    before.delete(key);
    if (!child) {
      child = make(item);
      child.dataset.key = key;
    }
    draw(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const gone of before.values()) gone.remove();
}

/** @param {HTMLElement} parent @param {string} selector @returns {HTMLElement} */
const inside = (parent, selector) => /** @type {HTMLElement} */ (parent.querySelector(selector));

/** Says something to screen readers, once. @param {string} text */
const announce = (text) => say(byId("news"), text);

/** @param {object | string} command @returns {Promise<boolean>} whether it is on its way */
async function send(command) {
  const failed = byId("failed");
  try {
    await backend.command(command);
    failed.hidden = true;
    return true;
  } catch (cause) {
    say(failed, words.with("panel-failed", { cause: words.ofCode("cause", String(cause)) }));
    failed.hidden = false;
    return false;
  }
}

// Connections

/** @param {View} view */
function drawLinks(view) {
  const links = [
    { key: "pbx", name: words.text("link-pbx"), link: view.pbx },
    { key: "desk", name: words.text("link-desk"), link: view.desk },
  ];
  keyed(
    byId("links"),
    links,
    ({ key }) => key,
    () => {
      const item = element("li");
      const text = element("span", "text");
      text.append(element("span", "name"), element("span", "state"));
      item.append(shape("up"), text);
      return item;
    },
    (item, { name, link }) => {
      item.dataset.state = link.state;
      reshape(/** @type {SVGElement} */ (item.querySelector("svg")), SHAPE_OF_LINK[link.state] ?? "off");
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

// Calls

/** @param {string} name */
function firstLetter(name) {
  const letters = new Intl.Segmenter(words.language, { granularity: "grapheme" }).segment(name);
  const letter = letters[Symbol.iterator]().next().value?.segment.toLocaleUpperCase(words.language) ?? "";
  // A pile of accents is no letter.
  return letter.replace(/(\p{M}{2})\p{M}+/u, "$1");
}

function makeCard() {
  const card = element("article", "card");
  const who = element("div", "who");
  const face = element("div", "face");
  face.setAttribute("aria-hidden", "true");
  const lines = element("div", "lines");
  const name = element("h2", "name");
  // Where the focus goes when what had it is gone.
  name.tabIndex = -1;
  const company = element("p", "company");
  name.dir = company.dir = "auto";
  lines.append(name, company, element("p", "number"));
  who.append(face, lines);
  const now = element("div", "now");
  const phase = element("span", "phase");
  phase.append(element("span", "word"), " ", element("time"));
  now.append(phase, element("span", "meta"));
  const button = element("button", "primary open");
  button.setAttribute("type", "button");
  card.append(who, now, makeReason(), button);
  return card;
}

function makeReason() {
  const reason = element("div", "reason");
  const forget = element("button", "slight forget");
  forget.setAttribute("type", "button");
  reason.append(element("p", "why"), forget);
  return reason;
}

/** @param {HTMLElement} card @param {Call} call @param {View} view */
function drawCard(card, call, view) {
  const record = phrases.onlyRecord(call);
  const name = phrases.clean(record?.name) || phrases.clean(record?.company);
  const number = phrases.numberText(call, words);
  card.dataset.phase = call.phase;
  card.dataset.call = call.call;
  sayLine(inside(card, ".name"), name || number);
  sayLine(inside(card, ".company"), record?.name ? phrases.clean(record.company) : "");
  sayLine(inside(card, ".number"), name ? number : "");
  const face = inside(card, ".face");
  const letter = name ? firstLetter(name) : "";
  if (face.dataset.letter !== letter) {
    face.dataset.letter = letter;
    face.replaceChildren(letter || shape("phone"));
  }
  say(inside(card, ".word"), words.ofCode("phase", call.phase));
  sayLine(inside(card, ".meta"), phrases.meta(call, words, view.extensions.length));
  const isForgotten = forgotten.has(keyOfCall(call));
  say(inside(card, ".why"), isForgotten ? words.text("chooser-forgotten") : phrases.line(call, words));
  const again = call.chosen?.earlier ? words.text("chooser-forget") : words.text("chooser-forget-choice");
  drawForget(inside(card, ".forget"), call, again);
  const several = call.who.state === "several";
  inside(card, ".reason").hidden = several;
  inside(card, ".open").hidden = several;
  drawButton(inside(card, ".open"), call);
  drawChooser(card, call, several);
}

/** @param {HTMLElement} button @param {Call} call @param {string} text */
function drawForget(button, call, text) {
  const isOffered = phrases.isChosen(call) && call.number_key !== "" && !forgotten.has(keyOfCall(call));
  if (!isOffered) leave(button);
  button.hidden = !isOffered;
  if (!isOffered) return;
  button.dataset.number = call.number_key;
  say(button, text);
  button.title = words.text("chooser-forget-why");
  const record = phrases.onlyRecord(call);
  const name = record ? phrases.recordName(record, words) : "";
  const label = words.with("chooser-forget-call", { action: text, name, number: phrases.numberText(call, words) });
  button.setAttribute("aria-label", label);
}

/** Before something goes away that may have the focus: it goes to the name beside it. @param {HTMLElement} going */
function leave(going) {
  if (!going.contains(document.activeElement)) return;
  inside(/** @type {HTMLElement} */ (going.closest(".card, .row")), ".name").focus();
}

// Choosing among several

/**
 * @param {HTMLElement} place a card, or the row of a past call
 * @param {Call} call
 * @param {boolean} wanted
 */
function drawChooser(place, call, wanted) {
  const key = keyOfCall(call);
  if (!wanted) {
    const shown = /** @type {HTMLElement | null} */ (place.querySelector(".chooser"));
    if (shown) leave(shown);
    shown?.remove();
    return;
  }
  let chooser = choosers.get(key);
  if (!chooser) {
    chooser = new Chooser(words, ({ kind, id }) => send({ choose: { call: call.call, kind, id } }), announce);
    choosers.set(key, chooser);
  }
  if (chooser.element.parentElement !== place) place.append(chooser.element);
  chooser.draw(call);
}

/** The one that digits mean: where the focus is, or the oldest call's. */
function currentChooser() {
  if (shown.stage !== "connected") return undefined;
  const all = [...choosers.values()].filter(({ element }) => element.isConnected);
  const rank = (/** @type {Chooser} */ { element }) => {
    if (element.contains(document.activeElement)) return 0;
    return element.closest(".card") ? 1 : 2;
  };
  const inOrder = (/** @type {Chooser} */ one, /** @type {Chooser} */ other) =>
    rank(one) - rank(other) ||
    (one.element.compareDocumentPosition(other.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  return all.sort(inOrder).at(0);
}

/** Digits stand only beside the matches that they choose. */
function drawListening() {
  const current = currentChooser();
  for (const chooser of choosers.values()) chooser.listen(chooser === current);
}

/**
 * A call may end while somebody is choosing whose it is: the list goes on below the past call.
 *
 * @param {View} view
 * @returns {() => void} to be called when all is drawn
 */
function keepChoosing(view) {
  const [key, chooser] = [...choosers].find(([, { isHeld }]) => isHeld) ?? [];
  const isOver = !view.calls.some((call) => keyOfCall(call) === key);
  if (!key || !chooser || openRow === key || !isOver) return () => {};
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const hadFocus = chooser.element.contains(focused);
  openRow = key;
  return () => {
    if (hadFocus && chooser.element.isConnected) focused?.focus();
  };
}

/** @param {?string} key shows the matches of this past call, and no others */
function showMatches(key) {
  openRow = key;
  redraw();
  if (key) choosers.get(key)?.focus();
}

function redraw() {
  draw(shown);
}

/** @param {string} number */
async function forget(number) {
  if (!(await send({ forget_choice: { number } })) || shown.stage !== "connected") return;
  for (const call of [...shown.view.calls, ...shown.view.recent]) {
    if (call.number_key === number && phrases.isChosen(call)) forgotten.add(keyOfCall(call));
  }
  announce(words.text("chooser-forgotten"));
  redraw();
}

/** @param {HTMLElement} button @param {Call} call */
function drawButton(button, call) {
  const off = call.button_off;
  /** @type {HTMLButtonElement} */ (button).disabled = off !== null;
  button.dataset.call = call.call;
  const text = off ? words.with("panel-open-off", { reason: words.ofCode("off", off) }) : words.text("panel-open");
  const label = off ? text : words.with("panel-open-call", { caller: phrases.caller(call, words) });
  if (button.classList.contains("icon")) {
    button.title = text;
    reshape(/** @type {SVGElement} */ (button.firstElementChild), "open");
  } else say(button, text);
  button.removeAttribute("aria-expanded");
  button.setAttribute("aria-label", label);
}

function makeNone() {
  const none = element("div", "none");
  none.append(shape("rest", "picture"), element("h2"), element("p"));
  return none;
}

/** @param {View} view */
function drawCalls(view) {
  const nothing = view.calls.length === 0;
  keyed(
    byId("calls"),
    nothing ? [null] : view.calls,
    (call) => (call ? keyOfCall(call) : "none"),
    (call) => (call ? makeCard() : makeNone()),
    (child, call) => {
      if (call) {
        drawCard(child, call, view);
        return;
      }
      say(inside(child, "h2"), words.text("panel-no-call-title"));
      const extensions = view.extensions.join(", ");
      say(inside(child, "p"), words.with("panel-no-call", { count: view.extensions.length, extensions }));
    },
  );
  tell(view);
}

/** Says a change of the newest call to screen readers, once. @param {View} view */
function tell(view) {
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
}

/** @param {Call} call */
function rowShape(call) {
  if (call.direction === "internal") return "internal";
  if (call.direction === "outbound") return "outbound";
  return call.outcome === "answered" || call.outcome === "answered_elsewhere" ? "inbound" : "missed";
}

function makeRow() {
  const row = element("li", "row");
  const lines = element("div", "lines");
  const name = element("p", "name");
  name.dir = "auto";
  name.tabIndex = -1;
  lines.append(name, makeReason());
  const when = element("div", "when");
  when.append(element("time"), element("div", "length"));
  const button = element("button", "icon open");
  button.setAttribute("type", "button");
  button.append(shape("open"));
  row.append(shape("inbound"), lines, when, button);
  return row;
}

/** @param {HTMLElement} row @param {Call} call */
function drawRow(row, call) {
  row.dataset.outcome = call.outcome ?? "";
  const svg = /** @type {SVGElement} */ (row.firstElementChild);
  reshape(svg, rowShape(call));
  const outcome = words.ofCode("outcome", call.outcome ?? "not_seen");
  const direction = words.ofCode("direction", call.direction ?? "unknown");
  const name = phrases.caller(call, words);
  sayLine(inside(row, ".name"), name);
  const record = phrases.onlyRecord(call);
  const company = phrases.clean(record?.company);
  const number = phrases.numberText(call, words);
  inside(row, ".name").title = [...new Set([name, company, number].filter(Boolean))].join("\n");
  const why = forgotten.has(keyOfCall(call)) ? words.text("chooser-forgotten") : phrases.why(call, words);
  sayLine(inside(row, ".why"), `${call.outcome === "answered" ? direction : outcome} · ${why}`);
  drawForget(inside(row, ".forget"), call, words.text("chooser-forget"));
  const time = /** @type {HTMLTimeElement} */ (inside(row, "time"));
  say(time, phrases.when(call.began_ms, Date.now(), words));
  time.dateTime = new Date(call.began_ms).toISOString();
  const talked = call.answered_ms !== null && call.over_ms !== null ? call.over_ms - call.answered_ms : 0;
  say(inside(row, ".length"), talked > 0 ? phrases.timer(talked) : "");
  const several = call.who.state === "several";
  const isOpen = several && openRow === keyOfCall(call);
  row.classList.toggle("choosing", isOpen);
  if (several) drawChoose(inside(row, ".open"), call, isOpen);
  else drawButton(inside(row, ".open"), call);
  drawChooser(row, call, isOpen);
}

/**
 * The button of a past call shows its matches when there are several.
 *
 * @param {HTMLElement} button
 * @param {Call} call
 * @param {boolean} isOpen
 */
function drawChoose(button, call, isOpen) {
  /** @type {HTMLButtonElement} */ (button).disabled = false;
  button.dataset.call = call.call;
  reshape(/** @type {SVGElement} */ (button.firstElementChild), "several");
  button.title = words.with("chooser-show", { count: call.who.records.length });
  button.setAttribute("aria-label", words.with("chooser-show-call", { caller: phrases.caller(call, words) }));
  button.setAttribute("aria-expanded", String(isOpen));
}

/** @param {View} view */
function drawMissed(view) {
  const button = byId("seen-missed");
  say(byId("missed"), view.missed > 0 ? ` · ${words.with("panel-missed", { count: view.missed })}` : "");
  if (view.missed === 0 && document.activeElement === button) byId("recent-title").focus();
  button.hidden = view.missed === 0;
}

/** @param {View} view */
function drawRecent(view) {
  drawMissed(view);
  byId("recent-empty").hidden = view.recent.length > 0;
  keyed(byId("recent-list"), view.recent, keyOfCall, makeRow, (row, call) => drawRow(row, call));
}

// The pop-up rule

/** @param {View} view */
function drawPopup(view) {
  const text = phrases.popup(view.popup, words);
  const where = byId("popup");
  say(where, text);
  where.title = text;
  byId("resume").hidden = view.popup.pause === null;
  byId("pause").hidden = view.popup.pause !== null || view.popup.mode !== "automatic";
}

// All of it

/** @param {Stage} stage */
function draw(stage) {
  shown = stage;
  document.body.dataset.stage = stage.stage;
  if (stage.stage === "connected") {
    const goOn = keepChoosing(stage.view);
    drawLinks(stage.view);
    drawProblems(stage.view);
    drawCalls(stage.view);
    drawRecent(stage.view);
    drawPopup(stage.view);
    drawTime();
    goOn();
    for (const [key, { element }] of choosers) if (!element.isConnected) choosers.delete(key);
    drawListening();
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

/** What changes without a new view. */
function drawTime() {
  if (shown.stage !== "connected") return;
  const { view } = shown;
  for (const call of view.calls) {
    const card = document.querySelector(`.card[data-key="${CSS.escape(keyOfCall(call))}"]`);
    const time = card?.querySelector("time");
    if (time) say(time, phrases.timer(Date.now() - (call.answered_ms ?? call.began_ms)));
  }
  if (view.pbx.retry_at_ms !== null || view.desk.retry_at_ms !== null) drawLinks(view);
}

function drawFixed() {
  document.documentElement.lang = words.language;
  for (const fixed of document.querySelectorAll("[data-words]")) {
    say(fixed, words.text(/** @type {HTMLElement} */ (fixed).dataset.words ?? ""));
  }
  for (const fixed of document.querySelectorAll("[data-words-label]")) {
    fixed.setAttribute("aria-label", words.text(/** @type {HTMLElement} */ (fixed).dataset.wordsLabel ?? ""));
  }
  say(inside(byId("pause"), "[data-minutes='15']"), words.with("popup-pause-minutes", { minutes: 15 }));
  say(inside(byId("pause"), "[data-minutes='60']"), words.with("popup-pause-hours", { hours: 1 }));
}

function listenToPeople() {
  const pause = /** @type {HTMLDetailsElement} */ (byId("pause"));
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const open = /** @type {HTMLElement | null} */ (target.closest(".open"));
    const row = /** @type {HTMLElement | null} */ (target.closest(".row"));
    if (open?.hasAttribute("aria-expanded"))
      showMatches(openRow === row?.dataset.key ? null : (row?.dataset.key ?? null));
    else if (open) send({ open: { call: open.dataset.call ?? null } });
    const choice = /** @type {HTMLElement | null} */ (target.closest(".forget"));
    if (choice) forget(choice.dataset.number ?? "");
    const minutes = /** @type {HTMLElement | null} */ (target.closest("[data-minutes]"))?.dataset.minutes;
    if (minutes !== undefined) send({ pause: { minutes: minutes === "" ? null : Number(minutes) } });
    if (!pause.contains(target) || minutes !== undefined) pause.open = false;
  });
  byId("resume").addEventListener("click", () => send("resume"));
  byId("settings").addEventListener("click", () => send({ show: { window: "settings" } }));
  byId("seen-missed").addEventListener("click", async () => {
    if (await send("seen_missed")) announce(words.text("panel-seen-missed-done"));
  });
  document.addEventListener("keydown", (event) => {
    const chooser = currentChooser();
    const isChoosing = chooser?.element.contains(document.activeElement) ?? false;
    if (event.key === "Escape" && pause.open) {
      pause.open = false;
      inside(pause, "summary").focus();
    } else if (event.key === "Escape" && (event.isComposing || (isChoosing && chooser?.clear()))) {
      // What was typed is given up first.
    } else if (event.key === "Escape" && isChoosing && chooser?.element.closest(".row")) {
      const row = /** @type {HTMLElement} */ (chooser.element.closest(".row"));
      inside(row, ".open").focus();
      showMatches(null);
    } else if (event.key === "Escape" || (event.key === "w" && (event.ctrlKey || event.metaKey))) {
      backend.close();
    } else if (!isChoosing && !pause.open) chooser?.press(event);
  });
  for (const moved of ["focusin", "focusout"]) document.addEventListener(moved, drawListening);
  // The window is an application's, not a page's.
  document.addEventListener("contextmenu", (event) => event.preventDefault());
}

words = new Words(await backend.words());
drawFixed();
listenToPeople();
await backend.watch(draw);
draw(await backend.stage());
await backend.ready();
setInterval(drawTime, 1000);
