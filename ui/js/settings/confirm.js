/** One question that must be answered before something is done that cannot be undone. */
import { button, make, words } from "./dom.js";

/**
 * @param {object} question
 * @param {string} question.title key of words
 * @param {Node[]} question.body
 * @param {string} question.yes key of the words of the button that does it
 * @param {string} [question.certain] key of the words to be ticked before it can be done
 * @returns {Promise<boolean>}
 */
export function confirm({ title, body, yes, certain }) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("confirm"));
  return new Promise((answer) => {
    const agree = button(yes, () => dialog.close("yes"), { class: "button danger", id: "confirm-yes" });
    const tick = make("input", {
      type: "checkbox",
      id: "confirm-certain",
      on: { change: () => (agree.disabled = !tick.checked) },
    });
    agree.disabled = certain !== undefined;
    dialog.replaceChildren(
      make("h2", { id: "confirm-title", words: title }),
      make("div", "body", ...body),
      ...(certain ? [make("label", "choice", tick, make("span", { words: certain }))] : []),
      make(
        "div",
        "buttons",
        button("settings-cancel", () => dialog.close("no"), { id: "confirm-no", autofocus: true }),
        agree,
      ),
    );
    dialog.returnValue = "no";
    dialog.addEventListener(
      "close",
      () => {
        dialog.replaceChildren();
        answer(dialog.returnValue === "yes");
      },
      { once: true },
    );
    dialog.setAttribute("aria-label", words.text(title));
    dialog.showModal();
  });
}
