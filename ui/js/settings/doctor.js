/**
 * Checks everything and says what is wrong and how to mend it.
 *
 * @typedef {import("../types.js").Finding} Finding
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, keyed, make, mark, reshape, say, shape, words } from "./dom.js";
import { faultText } from "./fields.js";
import { card, copier, help, note, page, worker } from "./forms.js";
import { changed, drawWith, faultOf, view } from "./model.js";

const SHAPE_OF_STATE = { ok: "up", warn: "stopped", fail: "down", skipped: "off" };

/** @type {?Finding[]} */
let findings = null;
let checked = 0;
/** @type {?import("../types.js").Fault} */
let fault = null;
let checking = false;

async function check() {
  checking = true;
  fault = null;
  changed();
  try {
    ({ findings } = await backend.want({ want: "doctor" }));
    checked = Date.now();
    announce(summary());
  } catch (error) {
    fault = faultOf(error);
  } finally {
    checking = false;
    changed();
  }
}

/** @param {string} family @param {Finding} finding @returns {string} nothing when there are no words */
function sentence(family, { code, values }) {
  const plain = Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, clean(value)]));
  const text = words.ofCode(family, code, plain);
  return family === "doctor-fix" && text === code ? "" : text;
}

function summary() {
  const count = (/** @type {string} */ state) => (findings ?? []).filter((it) => it.state === state).length;
  return words.with("settings-doctor-summary", { fail: count("fail"), warn: count("warn"), ok: count("ok") });
}

/** What a person may send to somebody: codes, words and values that hold no secret. */
function report() {
  const head = [`Deskring ${view()?.version ?? ""}`, new Date(checked).toISOString(), navigator.userAgent];
  const lines = (findings ?? []).map((it) => {
    const fix = it.state === "warn" || it.state === "fail" ? sentence("doctor-fix", it) : "";
    const title = words.ofCode("doctor-check", it.check);
    const text = `[${it.state}] ${title}: ${sentence("doctor", it)} (${it.check} ${it.code})`;
    return fix ? `${text}\n       ${fix}` : text;
  });
  // The marks that keep values apart in a sentence are no use in a text file.
  return `${[...head, "", ...lines].join("\n").replaceAll(/[\u2066-\u2069]/g, "")}\n`;
}

const list = make("ul", { class: "findings", id: "findings" });
const head = make("p", { class: "strong", role: "status", id: "doctor-summary" });
const problem = make("div", { role: "alert" });
const start = worker("settings-doctor-run", check, { class: "button primary", id: "doctor-run" });
const copy = copier(report, head.id, "settings-doctor-copy");
copy.id = "doctor-copy";

/** What a person asked for, or else what was found wrong without asking. */
const known = () => findings ?? view()?.findings ?? [];

/** What stands above the findings. */
function heading() {
  if (checking) return words.text("settings-doctor-running");
  if (findings) return summary();
  return words.text(known().length > 0 ? "settings-doctor-quick" : "settings-doctor-none");
}

drawWith(() => {
  mark(start, "aria-busy", checking ? "true" : null);
  say(
    start,
    words.text(checking ? "settings-doctor-running" : findings ? "settings-doctor-again" : "settings-doctor-run"),
  );
  say(head, heading());
  copy.hidden = !findings || checking;
  list.hidden = known().length === 0;
  mark(list, "aria-busy", checking ? "true" : null);
  const text = fault ? faultText(fault) : "";
  if (problem.textContent !== text) problem.replaceChildren(...(text ? [note("bad", make("p", {}, text))] : []));
  keyed(
    list,
    known(),
    ({ check, code }) => `${check} ${code}`,
    () =>
      make(
        "li",
        {},
        shape("off"),
        make(
          "div",
          "text",
          make("p", {}, make("span", "strong"), " ", make("span", "pill")),
          make("p"),
          make("p", "help"),
        ),
      ),
    (item, finding) => {
      item.dataset.finding = finding.check;
      item.dataset.state = finding.state;
      item.dataset.code = finding.code;
      reshape(/** @type {Element} */ (item.firstElementChild), SHAPE_OF_STATE[finding.state]);
      const [title, what, fix] = /** @type {HTMLElement[]} */ ([...(item.lastElementChild?.children ?? [])]);
      say(title.children[0], words.ofCode("doctor-check", finding.check));
      say(title.children[1], words.ofCode("settings-finding", finding.state));
      say(what, sentence("doctor", finding));
      const mend = finding.state === "warn" || finding.state === "fail" ? sentence("doctor-fix", finding) : "";
      say(fix, mend);
      fix.hidden = !mend;
    },
  );
});

export const doctorPage = page(
  "doctor",
  card(null, help("settings-doctor-help"), make("div", "buttons spread", head, copy, start), problem, list),
);
