/**
 * Sentences about a view. Pure: no document, no backend.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").Link} Link
 * @typedef {import("./types.js").View} View
 * @typedef {import("./words.js").Words} Words
 */

/** Direction marks and invisible characters that could make one name look like another. Joiners stay. */
const HIDDEN = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
// eslint-disable-next-line no-control-regex
const GAPS = /[\s\u0000-\u001f\u007f-\u009f]+/g;
/** As much of a name as a sentence takes; beside the sentence it stands in full. */
const NAME_IN_SENTENCE = 20;

/** One line without tricks. @param {?string | undefined} text */
export const clean = (text) => (text ?? "").replace(HIDDEN, "").replace(GAPS, " ").trim();

/** What is compared when somebody looks for a name: no case, accents or widths. @param {string} text */
export const fold = (text) => clean(text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase());

/** @param {Call} call @returns {?import("./types.js").CustomerRecord} */
export const onlyRecord = (call) => (call.who.records.length === 1 ? call.who.records[0] : null);

/** @param {import("./types.js").CustomerRecord} record @param {Words} words */
export const recordName = (record, words) =>
  clean(record.name) || clean(record.company) || words.text("chooser-nameless");

/** A person said whose call it is, of several that have the number. @param {Call} call */
export const isChosen = (call) => (call.chosen?.among ?? 0) > 1;

/** The number as people write it, or what stands for it. @param {Call} call @param {Words} words */
export function numberText(call, words) {
  const number = clean(call.number_text);
  if (call.who.state === "withheld") return words.text("caller-withheld");
  if (!number) return words.text("caller-unknown");
  return call.direction === "internal" ? words.with("caller-extension", { number }) : number;
}

/** Name, number or what is known. @param {Call} call @param {Words} words */
export function caller(call, words) {
  const record = onlyRecord(call);
  return clean(record?.name) || clean(record?.company) || clean(call.colleague) || numberText(call, words);
}

/** @param {Call} call @param {Words} words */
export function why(call, words) {
  const { code, count, extension, detail } = call.why;
  const tab = words.ofCode("why", code, {
    count: count ?? 0,
    extension: extension ?? "none",
    moment: detail ?? "ring",
    cause: detail ? words.ofCode("cause", detail) : "",
  });
  const choice = choiceText(call, words);
  if (!choice) return tab;
  // Choosing opens the page: nothing to add.
  const isSaid = code === "undecided" || (code === "opened_by_agent" && !call.chosen?.earlier);
  return isSaid ? choice : `${choice} · ${tab}`;
}

/** @param {Call} call @param {Words} words */
function choiceText(call, words) {
  const record = onlyRecord(call);
  if (!record || !call.chosen || !isChosen(call)) return "";
  const letters = [...recordName(record, words)];
  const name = letters.length > NAME_IN_SENTENCE ? `${letters.slice(0, NAME_IN_SENTENCE).join("")}…` : letters.join("");
  const values = { count: call.chosen.among, name };
  return call.chosen.earlier ? words.with("why-chosen-earlier", values) : words.with("why-chosen", values);
}

/** What is known about whose number it is; nothing when the name says it. @param {Call} call @param {Words} words */
export function who(call, words) {
  const { state, records, cause } = call.who;
  if (state === "known" || state === "not_asked") return "";
  return words.ofCode("who", state, { count: records.length, cause: cause ? words.ofCode("cause", cause) : "" });
}

/** The one line under a call: its tab when decided, otherwise whose number it is. @param {Call} call @param {Words} words */
export function line(call, words) {
  // That it opened by its rule is usual; that it is one of several is not.
  if (call.chosen?.earlier && call.why.code === "opened_by_rule") return choiceText(call, words) || why(call, words);
  const undecided = call.why.code === "undecided";
  return undecided || call.who.state === "searching" ? who(call, words) || why(call, words) : why(call, words);
}

/** @param {Call} call @param {Words} words */
export function meta(call, words, ownExtensions = 1) {
  const parts = [words.ofCode("direction", call.direction ?? "unknown")];
  const path = clean(call.path_name ?? call.path);
  if (path) parts.push(words.with("call-path", { path }));
  if (ownExtensions > 1) parts.push(words.with("call-own-extension", { extension: clean(call.extension) }));
  return parts.join(" · ");
}

/** @param {Link} link @param {number} nowMs @param {Words} words */
export function linkState(link, nowMs, words) {
  const state = words.ofCode("link-state", link.state);
  const cause = link.cause ? words.ofCode("cause", link.cause) : state;
  if (link.state !== "down" || link.retry_at_ms === null) return cause;
  const seconds = Math.max(0, Math.ceil((link.retry_at_ms - nowMs) / 1000));
  return `${cause} · ${words.with("link-retry", { seconds })}`;
}

/** @param {View["popup"]} popup @param {Words} words */
export function popup(popup, words) {
  const until = popup.pause?.until_ms;
  if (until) return words.with("popup-paused-until", { time: clock(until) });
  if (popup.pause) return words.text("popup-paused");
  return words.ofCode("popup", popup.mode, { moment: popup.trigger });
}

const two = (/** @type {number} */ number) => String(number).padStart(2, "0");

/** `14:05` @param {number} ms */
export const clock = (ms) => `${two(new Date(ms).getHours())}:${two(new Date(ms).getMinutes())}`;

/** `14:05`, or with the day when it was not today. @param {number} ms @param {number} nowMs @param {Words} words */
export function when(ms, nowMs, words) {
  const [date, today] = [new Date(ms), new Date(nowMs)];
  const yesterday = new Date(nowMs);
  yesterday.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return clock(ms);
  if (date.toDateString() === yesterday.toDateString()) return `${words.text("panel-yesterday")} ${clock(ms)}`;
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(ms)}`;
}

/** `0:42`, `1:02:03` @param {number} ms */
export function timer(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
