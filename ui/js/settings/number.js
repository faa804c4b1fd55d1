/**
 * A box to try the rules for numbers in: what would be dialed for a number, and whose a caller with it would be. The
 * engine reads the number, here it is only shown. Must not know the rules.
 *
 * @typedef {import("../types.js").NumberTrial} NumberTrial
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { make, words } from "./dom.js";
import { drawWith, model, view } from "./model.js";

/** Somebody who types on is not told of every digit. */
const PAUSE_MS = 150;
/** More than any number has; what is longer is refused in words. */
const LONGEST = 200;

/** @param {string} id @param {() => Record<string, unknown>} rules as they are typed */
export function tryNumber(id, rules) {
  const input = make("input", { id, type: "tel", autocomplete: "off", maxlength: String(LONGEST), "aria-describedby": `${id}-help` });
  const label = make("label", { class: "label", for: id, words: "settings-try-number" });
  const told = make("dl", { class: "facts", id: `${id}-told` });
  const node = make(
    "div",
    "field row try-number",
    make("div", "about", label, make("p", { class: "help", id: `${id}-help`, words: "settings-try-number-help" })),
    make("span", "state"),
    make("div", "control", input),
    make("div", { class: "told", role: "status" }, told),
  );
  /** @type {?NumberTrial} */
  let trial = null;
  let asked = "";
  let drawn = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;

  /** Asks when the number or a rule is another one, and a person can see it. */
  function look() {
    if (!view() || !model.settings || !node.checkVisibility()) return;
    const wanted = input.value.trim() ? JSON.stringify([input.value, rules()]) : "";
    if (wanted === asked) return;
    asked = wanted;
    clearTimeout(soon);
    if (wanted) soon = setTimeout(ask, PAUSE_MS);
    else trial = null;
  }

  async function ask() {
    const mine = asked;
    try {
      const answer = await backend.want({ want: "number", text: input.value, rules: rules() });
      // An older answer must not come after a newer one.
      if (mine === asked) trial = answer;
    } catch {
      // Nobody is there; the next drawing asks again.
      if (mine === asked) asked = "";
      return;
    }
    draw();
  }

  function draw() {
    look();
    const rows = trial ? rowsOf(trial) : [];
    const now = JSON.stringify(rows);
    if (now === drawn) return;
    drawn = now;
    told.replaceChildren(
      ...rows.map(([name, value, more]) =>
        make(
          "div",
          { data: { of: name } },
          make("dt", { words: `settings-try-${name}` }),
          make("dd", {}, make("bdi", {}, value), ...(more ? [make("span", "help", more)] : [])),
        ),
      ),
    );
  }

  input.addEventListener("input", draw);
  drawWith(draw);
  return node;
}

/** Name, value, and what else there is to say. @param {NumberTrial} trial @returns {[string, string, string][]} */
function rowsOf({ dial, fault, withheld, international, written, mobile, forms }) {
  /** @param {string[]} texts */
  const together = (...texts) => texts.filter(Boolean).join(" ");
  /** @type {[string, string, string][]} */
  const rows = [];
  if (dial) {
    const more = together(
      dial.caution ? words.ofCode("dial-doubt", dial.caution) : "",
      dial.internal ? words.text("settings-try-internal") : "",
      dial.abroad ? words.text("dial-abroad") : "",
      dial.understood ? "" : words.text("settings-try-as-written"),
    );
    rows.push(["dialed", clean(dial.shown), more]);
  } else {
    rows.push(["dialed", "–", words.ofCode("cause", fault ?? "other")]);
  }
  if (withheld) return [...rows, ["read", words.text("caller-withheld"), ""]];
  rows.push(["read", clean(written), together(clean(international ?? ""), mobile ? words.text("settings-try-mobile") : "")]);
  if (forms.length > 0) rows.push(["forms", forms.map(clean).join(", "), ""]);
  return rows;
}
