/**
 * Cards that show what the computer says, which no view tells: asked once somebody looks, and again whenever they come
 * back from elsewhere, where they may have changed it. Must not know what is asked.
 */
import * as backend from "../backend.js";
import { make } from "./dom.js";
import { faultText } from "./fields.js";
import { note } from "./forms.js";
import { changed, faultOf, view } from "./model.js";

/**
 * `look` is for each drawing, `problem` for the card, `ask` for its buttons: it says whether that was done.
 *
 * @param {string} want what is asked when somebody looks
 * @param {(answer: Awaited<ReturnType<typeof backend.want>>) => void} take
 */
export function asking(want, take) {
  /** @type {?import("../types.js").Fault} */
  let fault = null;
  /** Whether somebody who looks has been told since they came. */
  let isAsked = false;
  const problem = make("div", { role: "alert" });

  /** @param {string} what @returns {Promise<boolean>} */
  async function ask(what) {
    fault = null;
    try {
      take(await backend.want({ want: what }));
    } catch (error) {
      fault = faultOf(error);
    }
    changed();
    return fault === null;
  }

  /** @param {Element} card */
  function look(card) {
    const wrong = fault ? faultText(fault) : "";
    if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
    const isSeen = view() !== null && card.checkVisibility();
    if (isSeen && !isAsked) ask(want);
    isAsked = isSeen;
  }

  addEventListener("focus", () => {
    isAsked = false;
    changed();
  });

  return { ask, look, problem };
}
