/**
 * The cards of the calls that are on: who it is, where it stands, what helps, what became of the tab, and what can be
 * done. Must not know the history or forms beyond asking for one.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").View} View
 * @typedef {import("./choosing.js").Choosing} Choosing
 * @typedef {import("./panel.js").Kit} Kit
 */
import { drawActs, makeActs } from "./acts.js";
import { button, byId, element, inside, keyed, reshape, say, sayLine, shape } from "./dom.js";
import * as phrases from "./phrases.js";

/**
 * @param {View} view
 * @param {Kit} kit
 * @param {Choosing} choosing
 */
export function drawCalls(view, kit, choosing) {
  const { words } = kit;
  const nothing = view.calls.length === 0;
  const calls = byId("calls");
  calls.classList.toggle("crowded", view.calls.length > 1);
  keyed(
    calls,
    nothing ? [null] : view.calls,
    (call) => (call ? phrases.keyOfCall(call) : "none"),
    (call) => (call ? makeCard(kit) : makeNone()),
    (child, call) => {
      if (call) {
        drawCard(child, call, view, kit, choosing);
        return;
      }
      say(inside(child, "h2"), words.text("panel-no-call-title"));
      const extensions = view.extensions.join(", ");
      say(inside(child, "p"), words.with("panel-no-call", { count: view.extensions.length, extensions }));
    },
  );
}

/** The timers, which go on without a new view. @param {View} view @param {ParentNode} where */
export function drawTimers(view, where) {
  for (const call of view.calls) {
    const time = where.querySelector(`[data-item="${CSS.escape(phrases.keyOfCall(call))}"] time`);
    if (time) say(time, phrases.timer(Date.now() - (call.answered_ms ?? call.began_ms)));
  }
}

/**
 * One line for each call, above what covers the cards.
 *
 * @param {HTMLElement} strip
 * @param {View} view
 * @param {Kit} kit
 */
export function drawStrip(strip, view, { words }) {
  strip.hidden = view.calls.length === 0;
  keyed(
    strip,
    view.calls,
    phrases.keyOfCall,
    () => element("li", "", element("span", "phase", element("span", "word"), " ", element("time")), element("bdi")),
    (line, call) => {
      line.dataset.phase = call.phase;
      say(inside(line, ".word"), words.ofCode("phase", call.phase));
      say(inside(line, "bdi"), phrases.caller(call, words));
    },
  );
}

/** @param {HTMLElement} button @param {Call} call @param {Kit} kit */
export function drawOpen(button, call, { words, send }) {
  const off = call.button_off;
  const made = /** @type {HTMLButtonElement} */ (button);
  made.disabled = off !== null;
  made.onclick = () => void send({ open: { call: call.call } });
  const text = off ? words.with("panel-open-off", { reason: words.ofCode("off", off) }) : words.text("panel-open");
  const label = off ? text : words.with("panel-open-call", { caller: phrases.caller(call, words) });
  if (made.classList.contains("icon")) {
    made.title = text;
    reshape(/** @type {Element} */ (made.firstElementChild), "open");
  } else say(made, text);
  made.removeAttribute("aria-expanded");
  made.setAttribute("aria-label", label);
}

/** @param {Kit} kit */
function makeCard({ words }) {
  const face = element("div", "face");
  face.setAttribute("aria-hidden", "true");
  const name = element("h2", "name lands");
  // Where the focus goes when what had it is gone.
  name.tabIndex = -1;
  const company = element("p", "company");
  name.dir = company.dir = "auto";
  const lines = element("div", "lines", name, company, element("p", "number"));
  const phase = element("span", "phase", element("span", "word"), " ", element("time"));
  const now = element("div", "now", phase, element("span", "meta"));
  const tickets = button("fact tickets", "", () => {});
  tickets.append(shape("ticket", "shape small"), element("span", "text"));
  tickets.title = words.text("context-ticket-open");
  const past = element("p", "fact past", shape("history", "shape small"), element("span", "text"));
  const context = element("div", "context", tickets, past);
  const reason = element("div", "reason", element("p", "why"), button("slight forget", "", () => {}));
  const making = element("div", "making", button("primary create", "", () => {}), button("second add", "", () => {}));
  return element(
    "article",
    "card",
    element("div", "who", face, lines),
    now,
    context,
    reason,
    making,
    button("primary open", "", () => {}),
    makeActs(),
  );
}

/**
 * @param {HTMLElement} card
 * @param {Call} call
 * @param {View} view
 * @param {Kit} kit
 * @param {Choosing} choosing
 */
function drawCard(card, call, view, kit, choosing) {
  const { words } = kit;
  const record = phrases.onlyRecord(call);
  const name = phrases.clean(record?.name) || phrases.clean(record?.company) || phrases.clean(call.colleague);
  const number = phrases.numberText(call, words);
  card.dataset.phase = call.phase;
  card.dataset.call = call.call;
  sayLine(inside(card, ".name"), name || number);
  sayLine(inside(card, ".company"), record?.name ? phrases.clean(record.company) : "");
  sayLine(inside(card, ".number"), name ? number : "");
  const face = inside(card, ".face");
  const letter = name ? firstLetter(name, words.language) : "";
  if (face.dataset.letter !== letter) {
    face.dataset.letter = letter;
    face.replaceChildren(letter || shape("phone"));
  }
  say(inside(card, ".word"), words.ofCode("phase", call.phase));
  sayLine(inside(card, ".meta"), phrases.meta(call, words, view.extensions.length));
  drawContext(card, call, kit);
  const isForgotten = choosing.isForgotten(call);
  say(inside(card, ".why"), isForgotten ? words.text("chooser-forgotten") : phrases.line(call, words));
  const again = call.chosen?.earlier ? words.text("chooser-forget") : words.text("chooser-forget-choice");
  choosing.drawForget(/** @type {HTMLButtonElement} */ (inside(card, ".forget")), call, again);
  const several = call.who.state === "several";
  inside(card, ".reason").hidden = several;
  inside(card, ".open").hidden = several;
  drawOpen(inside(card, ".open"), call, kit);
  drawMaking(inside(card, ".making"), call, view, kit);
  drawActs(inside(card, ".controls"), call, kit);
  choosing.draw(card, call, several);
}

/** Two lines whose room is there before they come, so that nothing moves. @param {HTMLElement} card @param {Call} call @param {Kit} kit */
function drawContext(card, call, { words, ask }) {
  const place = inside(card, ".context");
  place.hidden = !["searching", "known", "several"].includes(call.who.state) && call.context === null;
  const tickets = phrases.tickets(call, words);
  const button = /** @type {HTMLButtonElement} */ (inside(place, ".tickets"));
  button.classList.toggle("unknown", !tickets);
  // Whose tickets, nobody can say.
  button.hidden = call.who.state === "several" || call.who.state === "nobody";
  button.disabled = !call.context?.tickets?.open;
  say(inside(button, ".text"), tickets);
  button.onclick = () => void ask({ want: "open_ticket", call: call.call });
  const past = phrases.before(call, Date.now(), words);
  const line = inside(place, ".past");
  line.classList.toggle("unknown", !past);
  line.title = past;
  say(inside(line, ".text"), past);
}

/** @param {HTMLElement} making @param {Call} call @param {View} view @param {Kit} kit */
function drawMaking(making, call, view, { words, send, add }) {
  making.hidden = !call.can_create;
  if (!call.can_create) return;
  const draft = view.drafts.find((draft) => draft.call === call.call);
  const [create, other] = /** @type {HTMLButtonElement[]} */ ([...making.children]);
  const caller = phrases.caller(call, words);
  const action = words.text(draft ? "card-continue" : "card-create");
  say(create, action);
  create.setAttribute("aria-label", words.with("card-action", { action, caller }));
  create.onclick = () => void send({ begin_form: { call: call.call, extension: call.extension, kind: null } });
  say(other, words.text("card-add"));
  other.setAttribute("aria-label", words.with("card-action", { action: words.text("card-add"), caller }));
  other.onclick = () => add(call);
}

function makeNone() {
  return element("div", "none", shape("rest", "picture"), element("h2"), element("p"));
}

/** @param {string} name @param {string} language */
function firstLetter(name, language) {
  const letters = new Intl.Segmenter(language, { granularity: "grapheme" }).segment(name);
  const letter = letters[Symbol.iterator]().next().value?.segment.toLocaleUpperCase(language) ?? "";
  // A pile of accents is no letter.
  return letter.replace(/(\p{M}{2})\p{M}+/u, "$1");
}
