/**
 * The matching lab's first half: a number typed, and why it is whose it is. The engine explains, here it is only shown;
 * Zoho Desk is asked when a person presses the button, because that costs credits. Must not know the rules.
 *
 * @typedef {import("../types.js").Explanation} Explanation
 * @typedef {import("../types.js").LabHit} Hit
 * @typedef {import("../types.js").LabRecord} LabRecord
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, make, reshape, say, words } from "./dom.js";
import { faultText } from "./fields.js";
import { card, note } from "./forms.js";
import { changed, drawWith, faultOf, model, valueOf, view } from "./model.js";

/** Somebody who types on is not told of every digit. */
const PAUSE_MS = 200;
/** More than any number has. */
const LONGEST = 200;

/** @param {LabRecord} record */
export function nameOf(record) {
  const name = clean(record.name) || `${words.ofCode("record", record.kind)} ${clean(record.id)}`;
  return record.account ? `${name} (${clean(record.account)})` : name;
}

const input = make("input", {
  id: "lab-number",
  type: "tel",
  dir: "auto",
  autocomplete: "off",
  maxlength: String(LONGEST),
  "aria-describedby": "lab-number-help",
});
const decision = note("info", make("p", "strong"), make("p", "help"));
decision.id = "lab-decision";
const problem = make("div", { role: "alert" });
const askDesk = make("button", { type: "button", class: "button", id: "lab-ask-desk", on: { click: () => ask("desk") } });
const asking = make("div", "buttons start", askDesk);
const details = make("div", { class: "lab", id: "lab-details" });

export const explainCard = card(
  null,
  make(
    "div",
    "field row",
    make(
      "div",
      "about",
      make("label", { class: "label", for: input.id, words: "lab-number" }),
      make("p", { class: "help", id: "lab-number-help", words: "lab-number-help" }),
    ),
    make("span", "state"),
    make("div", "control", input),
  ),
  make("div", { role: "status" }, decision),
  problem,
  asking,
  details,
);

/** @type {?Explanation} */
let told = null;
/** @type {?import("../types.js").Fault} */
let fault = null;
let asked = "";
let drawn = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;

/** Asks again when the number or the rules are other ones, and a person can see it. */
function look() {
  if (!view()) return forget();
  if (!model.settings || !explainCard.checkVisibility()) return;
  const number = input.value.trim();
  const wanted = number ? JSON.stringify([number, valueOf("numbers"), valueOf("contact_sync")]) : "";
  if (wanted === asked) return;
  asked = wanted;
  clearTimeout(soon);
  fault = null;
  if (wanted) soon = setTimeout(ask, PAUSE_MS, "known");
  else told = null;
}

/** When somebody is there again, they are asked again. */
function forget() {
  asked = "";
}

/** @param {"known" | "desk"} where */
async function ask(where) {
  const mine = asked;
  if (where === "desk") askDesk.setAttribute("aria-busy", "true");
  try {
    const answer = await backend.want({ want: "explain", number: input.value, in: where });
    // An older answer must not come after a newer one.
    if (mine !== asked) return;
    told = answer;
    fault = null;
    if (where === "desk") announce(decided(answer)[1]);
  } catch (error) {
    if (mine !== asked) return;
    told = null;
    fault = faultOf(error);
  } finally {
    if (where === "desk") askDesk.removeAttribute("aria-busy");
    changed();
  }
}

function draw() {
  look();
  const wrong = fault ? faultText(fault) : "";
  if (problem.textContent !== wrong) problem.replaceChildren(...(wrong ? [note("bad", make("p", {}, wrong))] : []));
  const now = JSON.stringify([told, words.language]);
  if (now === drawn) return;
  drawn = now;
  drawDecision();
  asking.hidden = !told || told.searches.length === 0;
  if (told) say(askDesk, words.with("lab-ask-desk", { count: told.most_credits }));
  details.replaceChildren(...(told ? parts(told) : []));
}

/** @type {Record<string, ["info" | "warn" | "bad" | "good", string]>} */
const LOOKS = {
  one: ["good", "up"],
  chosen: ["good", "up"],
  several: ["warn", "stopped"],
  failed: ["bad", "down"],
};

function drawDecision() {
  const [tone, name] = LOOKS[told?.decision.code ?? ""] ?? ["info", "off"];
  const [title, more] = /** @type {HTMLElement[]} */ ([...decision.querySelectorAll("p")]);
  decision.dataset.tone = tone;
  decision.dataset.state = told?.decision.code ?? "";
  reshape(/** @type {Element} */ (decision.firstElementChild), name);
  const [heading, text, reason] = told ? decided(told) : ["", words.text("lab-empty"), ""];
  say(title, heading ? line(heading, text) : text);
  title.classList.toggle("strong", Boolean(told));
  say(more, reason);
  more.hidden = !reason;
}

/** Heading, sentence and reason. @param {Explanation} explained @returns {[string, string, string]} */
function decided({ decision, cause }) {
  const values = {
    name: decision.record ? nameOf(decision.record) : "",
    count: decision.count,
    cause: words.ofCode("cause", cause ?? "other"),
  };
  const reason = [
    decision.by ? words.with("lab-decided-by", { source: words.ofCode("lab-source", decision.by) }) : "",
    decision.rule ? words.with("lab-decided-rule", { rule: words.ofCode("lab-rule", decision.rule) }) : "",
  ];
  return [words.text("lab-decision"), words.ofCode("lab-decision", decision.code, values), reason.filter(Boolean).join(" ")];
}

/** @param {string} title @param {string} text */
const line = (title, text) => words.with("lab-line", { title, text });

/** @param {string} code */
const why = (code) => (words.hasCode("lab-rule", code) ? words.ofCode("lab-rule", code) : words.ofCode("lab-not", code));

/**
 * A heading with a list.
 *
 * @param {string} id
 * @param {string} help
 * @param {string} empty key of the words for nothing
 * @param {HTMLElement[]} items
 */
const part = (id, help, empty, items) =>
  make(
    "section",
    { data: { part: id } },
    make("h2", {}, words.text(`lab-${id}`)),
    help ? make("p", "help", help) : null,
    items.length > 0 ? make("ul", "items", ...items) : make("p", "help", words.text(empty)),
  );

/**
 * @param {boolean} counts
 * @param {(Node | string | null)[]} children
 */
const item = (counts, ...children) => make("li", { data: { counts: String(counts) } }, ...children);

/** @param {Explanation} explained */
function parts(explained) {
  if (explained.withheld) return [];
  const { readings, searches, hits } = explained;
  const means = make(
    "dl",
    "facts",
    make(
      "div",
      {},
      make("dt", {}, words.text("lab-means")),
      make("dd", { id: "lab-means" }, make("bdi", {}, explained.e164 ?? words.text("lab-no-means"))),
    ),
  );
  const help = searches.length > 0 ? words.with("lab-searches-help", { count: explained.most_credits }) : "";
  const spent = explained.spent > 0 ? make("p", "help", words.with("lab-spent", { count: explained.spent })) : null;
  const sent = part("searches", help, "lab-no-searches", searches.map(searched));
  if (spent) sent.append(spent);
  const compared = part("hits", "", "lab-no-hits", hits.map(hit));
  if (explained.others > 0) compared.append(make("p", "help", words.with("lab-others", { count: explained.others })));
  return [
    means,
    part("readings", words.text("lab-readings-help"), "lab-no-readings", readings.map(reading)),
    part("here", "", "lab-no-index", known(explained)),
    compared,
    sent,
  ];
}

/** @param {Explanation["readings"][number]} one */
function reading({ text, steps, means, verdict }) {
  const how = steps.map(({ code, value }) => words.ofCode("lab-step", code, { value: clean(value) }));
  return item(
    verdict === "taken",
    make(
      "p",
      {},
      make("bdi", "mono", clean(text)),
      means ? " → " : "",
      means ? make("bdi", "mono", means) : "",
      ` · ${words.ofCode("lab-verdict", verdict)}`,
    ),
    how.length > 0 ? make("p", "help", how.join(" · ")) : null,
  );
}

/** @param {Explanation["searches"][number]} one */
function searched({ step, kind, field, target, state, hits, cause }) {
  const title = words.with("lab-search", {
    step,
    kind: words.ofCode("record", kind),
    field: words.ofCode("lab-search-field", field),
  });
  const values = { count: hits ?? 0, cause: words.ofCode("cause", cause ?? "other") };
  return item(
    (hits ?? 0) > 0,
    make("p", {}, line(title, words.ofCode("lab-search", state, values))),
    make("code", {}, `GET ${target}`),
  );
}

/** @param {Explanation} explained */
function known({ alike, kept, choice, always_query }) {
  const lines = [
    alike === null ? words.text("lab-no-index") : words.with("lab-alike", { count: alike }),
    kept === null
      ? words.text("lab-no-kept")
      : kept.length === 0
        ? words.text("lab-kept-nobody")
        : words.with("lab-kept", { names: kept.map(nameOf).join(", ") }),
    choice === null ? words.text("lab-no-choice") : words.with("lab-choice", { name: nameOf(choice) }),
    words.text(always_query ? "lab-always-query-on" : "lab-always-query-off"),
  ];
  return lines.map((line) => item(false, make("p", {}, line)));
}

/** @param {Hit} one */
function hit(one) {
  const { counts, sources, fields } = one;
  const from = sources.map((source) => words.ofCode("lab-source", source)).join(", ");
  const numbers = fields.flatMap(({ field, numbers }) =>
    numbers.map(({ text, means, why: code }) =>
      make(
        "p",
        "help",
        `${words.ofCode("lab-field", field)} · `,
        make("bdi", "mono", clean(text)),
        means ? " → " : "",
        means ? make("bdi", "mono", means) : "",
        ` · ${why(code)}`,
      ),
    ),
  );
  return item(
    counts,
    make(
      "p",
      {},
      make("strong", {}, make("bdi", {}, nameOf(one))),
      ` · ${words.ofCode("record", one.kind)} · ${line(words.text(counts ? "lab-counts" : "lab-counts-not"), why(one.why))}`,
    ),
    ...numbers,
    make("p", "help", from),
  );
}

input.addEventListener("input", draw);
drawWith(draw);
