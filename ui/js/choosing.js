/**
 * Whose calls they are where several records match: one list for each such call, on its card or below its row, and what
 * was forgotten of earlier choices. Must not know where cards and rows stand.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./panel.js").Kit} Kit
 */
import { Chooser } from "./chooser.js";
import { inside, say } from "./dom.js";
import * as phrases from "./phrases.js";

export class Choosing {
  #kit;
  /** By the key of their call; those on the page. @type {Map<string, Chooser>} */
  #choosers = new Map();
  /** Calls whose choice was forgotten since: another call of the number offers all matches again. @type {Set<string>} */
  #forgotten = new Set();

  /** @param {Kit} kit */
  constructor(kit) {
    this.#kit = kit;
  }

  /** @param {Call} call */
  isForgotten(call) {
    return this.#forgotten.has(phrases.keyOfCall(call));
  }

  /**
   * Shows the list in a place, or takes it away.
   *
   * @param {HTMLElement} place a card, or the row of a past call
   * @param {Call} call
   * @param {boolean} wanted
   */
  draw(place, call, wanted) {
    const key = phrases.keyOfCall(call);
    if (!wanted) {
      const shown = /** @type {HTMLElement | null} */ (place.querySelector(".chooser"));
      if (shown) leave(shown);
      shown?.remove();
      return;
    }
    let chooser = this.#choosers.get(key);
    if (!chooser) {
      chooser = new Chooser(this.#kit, ({ kind, id }) => this.#kit.send({ choose: { call: call.call, kind, id } }));
      this.#choosers.set(key, chooser);
    }
    if (chooser.element.parentElement !== place) place.append(chooser.element);
    chooser.draw(call);
  }

  /** The list of a call. @param {string} key */
  of(key) {
    return this.#choosers.get(key);
  }

  /** The one that digits mean: where the focus is, or the oldest call's. */
  current() {
    const all = [...this.#choosers.values()].filter(({ element }) => element.isConnected && element.checkVisibility());
    const rank = (/** @type {Chooser} */ { element }) => {
      if (element.contains(document.activeElement)) return 0;
      return element.closest(".card") ? 1 : 2;
    };
    const inOrder = (/** @type {Chooser} */ one, /** @type {Chooser} */ other) =>
      rank(one) - rank(other) ||
      (one.element.compareDocumentPosition(other.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    return all.sort(inOrder).at(0);
  }

  /** The call whose list somebody is at. */
  held() {
    return [...this.#choosers].find(([, { isHeld }]) => isHeld) ?? null;
  }

  /** When all is drawn: digits stand only beside the matches that they choose; lists that are gone are let go. */
  settle() {
    for (const [key, { element }] of this.#choosers) if (!element.isConnected) this.#choosers.delete(key);
    this.listen();
  }

  listen() {
    const current = this.current();
    for (const chooser of this.#choosers.values()) chooser.listen(chooser === current);
  }

  /** @param {HTMLButtonElement} button @param {Call} call @param {string} text */
  drawForget(button, call, text) {
    const { words } = this.#kit;
    const isOffered = phrases.isChosen(call) && call.number_key !== "" && !this.isForgotten(call);
    if (!isOffered) leave(button);
    button.hidden = !isOffered;
    if (!isOffered) return;
    button.onclick = () => this.#forget(call.number_key);
    say(button, text);
    button.title = words.text("chooser-forget-why");
    const record = phrases.onlyRecord(call);
    const name = record ? phrases.recordName(record, words) : "";
    const label = words.with("chooser-forget-call", { action: text, name, number: phrases.numberText(call, words) });
    button.setAttribute("aria-label", label);
  }

  /** @param {string} number */
  async #forget(number) {
    const { words, view, send, announce, redraw } = this.#kit;
    if (!(await send({ forget_choice: { number } }))) return;
    for (const call of [...(view()?.calls ?? []), ...(view()?.recent ?? [])]) {
      if (call.number_key === number && phrases.isChosen(call)) this.#forgotten.add(phrases.keyOfCall(call));
    }
    announce(words.text("chooser-forgotten"));
    redraw();
  }
}

/** Before something goes away that may have the focus: it goes to the name beside it. @param {HTMLElement} going */
export function leave(going) {
  if (!going.contains(document.activeElement)) return;
  const place = /** @type {HTMLElement | null} */ (going.closest(".card, .row"));
  if (place) inside(place, ".lands").focus();
}
