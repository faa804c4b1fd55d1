/**
 * Sentences about a view. Pure: no document, no backend.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").Dial} Dial
 * @typedef {import("./types.js").Link} Link
 * @typedef {import("./types.js").OutboxRow} OutboxRow
 * @typedef {import("./types.js").View} View
 * @typedef {import("./words.js").Words} Words
 */

/** Direction marks and invisible characters that could make one name look like another. Joiners stay. */
const HIDDEN = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
// eslint-disable-next-line no-control-regex
const GAPS = /[\s\u0000-\u001f\u007f-\u009f]+/g;
/** An icon for each state of a link, of a shape of its own. */
export const LINK_SHAPES = {
  up: "up",
  connecting: "connecting",
  down: "down",
  stopped: "stopped",
  disabled: "off",
  not_set_up: "off",
};
/** A lookup that takes longer is worth a word. */
const SLOW_MS = 2000;
/** As much of a name as a sentence takes; beside the sentence it stands in full. */
const NAME_IN_SENTENCE = 20;
/** As much of words that the other side chooses. */
const LONGEST_WORDS = 80;

/** One line without tricks. @param {?string | undefined} text */
export const clean = (text) => (text ?? "").replace(HIDDEN, "").replace(GAPS, " ").trim();

/** What is compared when somebody looks for a name: no case, accents or widths. @param {string} text */
export const fold = (text) => clean(text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase());

/** @param {Call} call */
export const keyOfCall = (call) => `${call.call} ${call.extension}`;

/** How long it was talked in, in milliseconds. @param {Call} call */
export const talked = (call) =>
  call.answered_ms !== null && call.over_ms !== null ? call.over_ms - call.answered_ms : 0;

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
  if (call.who.state === "hidden") {
    return words.text(call.direction === "outbound" ? "caller-hidden-outbound" : "caller-hidden-inbound");
  }
  const record = onlyRecord(call);
  return clean(record?.name) || clean(record?.company) || clean(call.colleague) || numberText(call, words);
}

/** A cause, with what the other side said of it. @param {string} code @param {?string | undefined} detail @param {Words} words */
export function cause(code, detail, words) {
  const [said, more] = [words.ofCode("cause", code), short(detail)];
  return more ? `${said} (${more})` : said;
}

/** Why the phone system could not make a call, and what to do. @param {{failure: ?string}} failed @param {?string} raw @param {Words} words */
export function failure({ failure }, raw, words) {
  if (failure && words.hasCode("failure", failure)) return words.ofCode("failure", failure);
  const said = short(raw);
  return said ? words.with("failure-in-words-of-pbx", { words: said }) : "";
}

/** @param {?string | undefined} text */
function short(text) {
  const letters = [...clean(text)];
  return letters.length > LONGEST_WORDS ? `${letters.slice(0, LONGEST_WORDS).join("")}…` : letters.join("");
}

/** @param {Call} call @param {Words} words */
export function why(call, words) {
  const failed = call.outcome === "failed" ? failure(call, call.outcome_detail, words) : "";
  if (failed) return failed;
  const { code, count, extension, detail } = call.why;
  const tab = words.ofCode("why", code, {
    count: count ?? 0,
    extension: extension ?? "none",
    moment: detail ?? "ring",
    cause: detail ? words.ofCode("cause", detail) : "",
  });
  const choice = choiceText(call, words);
  const { lookup_ms: lookup, tab_ms: opened } = call.timing;
  if (code === "opened_by_rule" && !choice && lookup !== null && opened !== null && lookup > SLOW_MS) {
    return words.with("why-opened-late", { lookup: seconds(lookup, words), tab: seconds(opened, words) });
  }
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

/** The queue, ring group or IVR it came through, or else the number that was dialed. @param {Call} call @param {Words} words */
export function path(call, words) {
  const path = clean(call.path_name ?? call.path) || clean(call.did_name);
  return path ? words.with("call-path", { path }) : "";
}

/** @param {Call} call @param {Words} words */
export function meta(call, words, ownExtensions = 1) {
  const parts = [words.ofCode("direction", call.direction ?? "unknown")];
  const way = path(call, words);
  if (way) parts.push(way);
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

/** `2026-11-26 14:05` @param {number} ms */
export function exactly(ms) {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(ms)}`;
}

/** `14:05`, or with the day when it was not today. @param {number} ms @param {number} nowMs @param {Words} words */
export function when(ms, nowMs, words) {
  const [date, today] = [new Date(ms), new Date(nowMs)];
  const yesterday = new Date(nowMs);
  yesterday.setDate(today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return clock(ms);
  if (date.toDateString() === yesterday.toDateString()) return `${words.text("panel-yesterday")} ${clock(ms)}`;
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(ms)}`;
}

/** `2.4` @param {number} ms @param {Words} words */
function seconds(ms, words) {
  return new Intl.NumberFormat(words.language, { maximumFractionDigits: 1 }).format(ms / 1000);
}

/** How long ago, in the largest unit that fits. @param {number} ms @param {number} nowMs @param {Words} words */
export function ago(ms, nowMs, words) {
  const format = new Intl.RelativeTimeFormat(words.language, { numeric: "auto" });
  const minutes = Math.round((ms - nowMs) / 60_000);
  if (minutes > -60) return format.format(Math.min(minutes, 0), "minute");
  if (minutes > -60 * 24) return format.format(Math.round(minutes / 60), "hour");
  const days = Math.round(minutes / (60 * 24));
  if (days > -60) return format.format(days, "day");
  return days > -730 ? format.format(Math.round(days / 30), "month") : format.format(Math.round(days / 365), "year");
}

/** From the event to the notification, the answer and the tab. @param {Call} call @param {Words} words */
export function timing(call, words) {
  const { notice_ms, lookup_ms, tab_ms } = call.timing;
  const steps = /** @type {[string, ?number][]} */ ([
    ["timing-notice", notice_ms],
    ["timing-lookup", lookup_ms],
    ["timing-tab", tab_ms],
  ]).filter(([, ms]) => ms !== null);
  return steps.map(([key, ms]) => words.with(key, { ms: ms ?? 0 })).join(" → ");
}

/** Open tickets; nothing until they are known. @param {Call} call @param {Words} words */
export function tickets(call, words) {
  const tickets = call.context?.tickets;
  if (!tickets) return "";
  if (tickets.open === 0) return words.text("context-no-tickets");
  const count = words.with(tickets.more ? "context-tickets-at-least" : "context-tickets", { count: tickets.open });
  return [count, clean(tickets.newest)].filter(Boolean).join(" · ");
}

/** Earlier calls with the number. @param {Call} call @param {number} nowMs @param {Words} words */
export function before(call, nowMs, words) {
  const { today, last, spoke } = call.context ?? { today: 0, last: null, spoke: null };
  const parts = [];
  if (today > 0) parts.push(words.with("context-today", { count: today }));
  if (spoke) {
    const who = spoke.me ? words.text("context-you") : clean(spoke.name) || spoke.extension;
    parts.push(words.with("context-spoke", { who, when: when(spoke.at_ms, nowMs, words) }));
  }
  if (last && last.at_ms !== spoke?.at_ms) {
    const outcome = last.direction === "outbound" ? "outbound" : (last.outcome ?? "not_seen");
    const what = outcome === "outbound" ? words.text("direction-outbound") : words.ofCode("outcome", outcome);
    parts.push(words.with("context-last", { what, when: when(last.at_ms, nowMs, words) }));
  }
  return parts.length > 0 || !call.context ? parts.join(" · ") : words.text("context-first");
}

/**
 * A call as others may see it who look at the screen.
 *
 * @param {Call} call
 * @param {View["caller_shown"]} shown
 * @returns {Call}
 */
export function asOthersSee(call, shown) {
  if (shown === "name") return call;
  const number = numberOthersSee(call.number_text, shown);
  const records = call.who.records.map((record) => ({ ...record, name: "", company: null, email: null }));
  const state = shown === "hidden" ? "hidden" : call.who.state;
  // Whom somebody chose is a name too.
  return { ...call, number, number_text: number, colleague: null, chosen: null, who: { ...call.who, state, records } };
}

/** What was not written: `Ticket for Lin · 138 0013 8000`. @param {OutboxRow} row @param {View["caller_shown"]} shown @param {Words} words */
export function unwritten(row, shown, words) {
  const name = shown === "name" ? clean(row.name) : "";
  const who = [name, numberOthersSee(clean(row.number_text), shown)].filter(Boolean).join(" · ");
  const kind = words.hasCode("outbox-what", row.kind) ? row.kind : "other";
  return words.ofCode("outbox-what", kind, { who: who || words.text("caller-unknown") });
}

/** Why it was not written, with the fields it is about. @param {OutboxRow} row @param {Words} words */
export function unwrittenWhy({ reason, code, fields }, words) {
  const own = ["outbox-why", "cause"].find((family) => words.hasCode(family, reason ?? ""));
  const why = own ? words.ofCode(own, reason ?? "") : words.with("outbox-why-code", { code: clean(code ?? reason) });
  const parts = fields.map(({ label, problem }) => {
    const known = words.hasCode("outbox-field", problem) ? problem : "other";
    return words.ofCode("outbox-field", known, { label: clean(label) });
  });
  return parts.length > 0 ? words.with("outbox-why-fields", { why, fields: parts.join("; ") }) : why;
}

/** What to do about it. @param {OutboxRow} row @param {Words} words */
export const unwrittenDo = ({ reason }, words) =>
  words.ofCode("outbox-do", words.hasCode("outbox-do", reason ?? "") ? (reason ?? "") : "other");

/**
 * What is to be called: first the sentence, then what else there is to know before somebody says yes.
 *
 * @param {Dial} dial @param {View["caller_shown"]} shown @param {Words} words @returns {string[]}
 */
export function dial(dial, shown, words) {
  const name = shown === "name" ? clean(dial.name) : "";
  const number = numberOthersSee(clean(dial.number_text), shown);
  const who = [name, number].filter(Boolean).join(" · ") || words.text("caller-unknown");
  if (dial.state === "waiting") return [words.with("dial-waiting", { who })];
  if (dial.state === "dialing") return [words.with("dial-dialing", { who })];
  if (dial.state === "failed") {
    const isCall = dial.reason === "call_failed";
    const why = cause(dial.reason ?? "other", isCall ? null : dial.detail, words);
    const told = isCall ? failure(dial, dial.detail, words) : "";
    return [words.with("dial-failed", { cause: why }), told, by(dial, words)].filter(Boolean);
  }
  return [
    words.with("dial-ask", { who }),
    words.ofCode("dial-doubt", dial.reason ?? "unseen"),
    words.with("dial-number", { shown: clean(dial.shown) }),
    dial.abroad ? words.text("dial-abroad") : "",
    dial.ext ? words.with("dial-ext", { ext: clean(dial.ext) }) : "",
    dial.post_dial ? words.with("dial-keys", { keys: clean(dial.post_dial) }) : "",
    by(dial, words),
  ].filter(Boolean);
}

/**
 * Somebody with a number, as others may see it who look at the screen; colleagues are in the phone book anyway.
 *
 * @param {import("./types.js").Suggestion} row @param {View["caller_shown"]} shown @param {Words} words
 */
export function suggestion({ kind, name, company, number_text }, shown, words) {
  const what = words.ofCode("suggest-kind", kind);
  const isSeen = shown === "name" || kind === "extension";
  const about = (isSeen && clean(company)) || what;
  const number = kind === "extension" ? clean(number_text) : numberOthersSee(clean(number_text), shown);
  return { name: isSeen ? clean(name) : "", number, about, kind: about === what ? "" : what };
}

/** Who asks for a call, where that is not the person here. @param {Dial} dial @param {Words} words */
function by({ by, host }, words) {
  if (by === "page") return words.with("dial-by-page", { host: clean(host) });
  return by === "person" ? "" : words.ofCode("dial-by", by);
}

/** The end of a number, or nothing of it. @param {string} number @param {View["caller_shown"]} shown */
export function numberOthersSee(number, shown) {
  const digits = [...number].filter((c) => /\p{N}/u.test(c));
  if (shown === "name") return number;
  return shown === "hidden" || digits.length === 0 ? "" : `•••${digits.length > 3 ? digits.slice(-2).join("") : ""}`;
}

/** `0:42`, `1:02:03` @param {number} ms */
export function timer(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
