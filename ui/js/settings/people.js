/**
 * The contacts on this computer: how many there are, what reading them has cost, and a button to read them anew. Must not
 * know when they are read.
 */
import * as backend from "../backend.js";
import { make, words } from "./dom.js";
import { faultText } from "./fields.js";
import { note, worker } from "./forms.js";
import { changed, drawWith, faultOf, view } from "./model.js";

/** Records on a page of Zoho Desk, and what a page costs. */
const PAGE = 99;
const PAGE_CREDITS = 3;

/** @type {?import("../types.js").Fault} */
let fault = null;

async function rebuild() {
  try {
    fault = null;
    await backend.want({ want: "rebuild_index" });
  } catch (error) {
    fault = faultOf(error);
  }
  changed();
}

const state = make("p", { class: "help", "data-part": "index", role: "status" });
const cost = make("p", { class: "help", id: "index-cost" });
const problem = make("div", { role: "alert" });
const again = make(
  "div",
  "buttons start",
  worker("settings-index-rebuild", rebuild, { id: "index-rebuild", "aria-describedby": cost.id }),
);

/** For a card, one below the other. */
export const peopleParts = [state, again, cost, problem];

/** @param {Element} node @param {string} text */
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

drawWith(() => {
  const index = view()?.index;
  state.hidden = again.hidden = cost.hidden = !index?.state;
  if (!index?.state) return;
  const { people, spent, budget } = index;
  const text = words.ofCode("index", index.state, { people, spent, budget, total: index.total ?? 0 });
  put(state, index.cause ? `${text}: ${words.ofCode("cause", index.cause)}` : text);
  again.hidden = cost.hidden = index.state === "off";
  const all = Math.max(index.total ?? 0, people);
  put(cost, words.with("settings-index-rebuild-help", { credits: Math.ceil(all / PAGE) * PAGE_CREDITS }));
  const wrong = fault ? faultText(fault) : "";
  if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
});
