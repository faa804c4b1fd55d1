/** What happens with calls: pop-up, new contacts, tickets, call log, contact sync, click to call, notifications. */
import { announce, make, words } from "./dom.js";
import { checks, choice, code, field, fields, list, radios, text, toggle } from "./fields.js";
import { card, help, note, page } from "./forms.js";
import { browsersCard } from "./browsers.js";
import { linksCard } from "./links.js";
import { changed, drawWith, isLocked, save, valueOf, view } from "./model.js";
import { tryNumber } from "./number.js";
import { peopleParts } from "./people.js";
import { offeringPhonebooks, syncCard } from "./sync.js";
import { template } from "./templates.js";

/** Whether a setting has this value. @param {string} key @param {unknown} value */
const is = (key, value) => valueOf(key) === value;

/** Where a gateway writes, these rules are its administrator's; here they rest. */
function gatewayNote() {
  const node = note("info", make("p", { words: "outbox-by-gateway" }));
  drawWith(() => {
    node.hidden = !view()?.outbox.by_gateway;
  });
  return node;
}

// Call pop-up

const popUp = page(
  "pop-up",
  card(
    null,
    field("popup.mode", radios("popup.mode", ["automatic", "manual", "off"]), { layout: "stack" }).node,
    field("popup.trigger", radios("popup.trigger", ["ring", "answer", "hangup"]), {
      layout: "stack",
      off: () => !is("popup.mode", "automatic"),
    }).node,
  ),
);

// New contacts

const noContacts = () => is("new_contacts.mode", "off");

/** The switch of the manual over a setting that has three values. */
function newContactsSwitch() {
  const input = make("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    id: "new-contacts-on",
    "aria-describedby": "new-contacts-on-help",
    on: {
      change: async () => {
        const done = await save({ "new_contacts.mode": input.checked ? "automatic" : "off" });
        if (done) announce(words.text("settings-saved"));
        changed();
      },
    },
  });
  drawWith(() => {
    input.checked = !noContacts();
    input.disabled = isLocked("new_contacts.mode");
  });
  return make(
    "div",
    "field row",
    make(
      "div",
      "about",
      make("label", { class: "label", for: input.id, words: "settings-new-contacts-on" }),
      make("p", { class: "help", id: "new-contacts-on-help", words: "settings-new-contacts-on-help" }),
    ),
    make("span"),
    make("div", "control", input),
  );
}

const newContacts = page(
  "new-contacts",
  card(
    null,
    gatewayNote(),
    newContactsSwitch(),
    field("new_contacts.kind", choice("new_contacts.kind", ["contact", "account"]), { off: noContacts }).node,
    field("new_contacts.mode", radios("new_contacts.mode", ["automatic", "manual"]), {
      layout: "stack",
      off: noContacts,
    }).node,
    field("new_contacts.call_types", checks("new_contacts.call_types", ["inbound", "outbound"]), {
      layout: "stack",
      off: () => !is("new_contacts.mode", "automatic"),
    }).node,
  ),
);

// Tickets

const noTickets = () => is("tickets.enabled", false);
const BEFORE = ["inbound", "outbound"];
const AFTER = ["inbound_answered", "inbound_missed", "outbound_answered", "outbound_missed"];
const ofMoment = () => (is("tickets.when", "before_call") ? BEFORE : AFTER);

/** Both write into a department. */
function departmentNote() {
  const node = note("warn", make("p", {}, make("a", { href: "#zoho-desk", words: "settings-department-needed" })));
  drawWith(() => {
    const writes = is("tickets.enabled", true) || is("call_log.enabled", true);
    node.hidden = !writes || valueOf("desk.department_id") !== null || is("desk.enabled", false);
  });
  return node;
}

const tickets = page(
  "tickets",
  card(
    null,
    gatewayNote(),
    field("tickets.enabled", toggle("tickets.enabled")).node,
    departmentNote(),
    field("tickets.when", radios("tickets.when", ["before_call", "after_call"]), {
      layout: "stack",
      off: noTickets,
      // Each moment has kinds of calls of its own.
      along: (moment) => ({ "tickets.call_types": moment === "before_call" ? BEFORE : AFTER }),
    }).node,
    field(
      "tickets.call_types",
      checks("tickets.call_types", [...BEFORE, ...AFTER], (it) => ofMoment().includes(it)),
      {
        layout: "stack",
        off: noTickets,
      },
    ).node,
  ),
  card(
    "settings-tickets-texts",
    template("tickets.subject", "line", noTickets),
    template("tickets.description", "lines", noTickets),
  ),
);

// Call log

const noLog = () => is("call_log.enabled", false);

/** Said once, here: not with every call. */
function noCallsNote() {
  const text = make("p", {});
  const node = note("warn", text);
  drawWith(() => {
    const why = view()?.outbox.no_calls ?? "";
    node.hidden = !why || noLog();
    const said = why ? words.ofCode("outbox-why", why) : "";
    if (text.textContent !== said) text.textContent = said;
  });
  return node;
}

const callLog = page(
  "call-log",
  card(
    null,
    gatewayNote(),
    field("call_log.enabled", toggle("call_log.enabled")).node,
    departmentNote(),
    noCallsNote(),
    field("call_log.skip_missed_if_answered_elsewhere", toggle("call_log.skip_missed_if_answered_elsewhere"), {
      off: noLog,
    }).node,
  ),
  card(
    "settings-call-log-texts",
    template("call_log.subject", "line", noLog),
    template("call_log.description", "lines", noLog),
  ),
  card(
    "settings-call-log-after",
    field("call_log.wrap_up", toggle("call_log.wrap_up"), { off: noLog }).node,
    field("call_log.dispositions", list("call_log.dispositions", { lines: true }), {
      layout: "stack",
      off: () => noLog() || is("call_log.wrap_up", false),
    }).node,
  ),
);

// Contact sync

const noSync = () => is("contact_sync.enabled", false);

const contactSync = page(
  "contact-sync",
  card(
    null,
    gatewayNote(),
    field("contact_sync.enabled", toggle("contact_sync.enabled")).node,
    field("contact_sync.module", choice("contact_sync.module", ["contacts", "accounts"]), { off: noSync }).node,
    field("contact_sync.phonebook", offeringPhonebooks(text("contact_sync.phonebook")), { layout: "stack", off: noSync }).node,
    field("contact_sync.always_query", toggle("contact_sync.always_query")).node,
  ),
  syncCard,
  card(
    null,
    field("contact_sync.index", radios("contact_sync.index", ["encrypted", "off"]), { layout: "stack" }).node,
    field("contact_sync.index_credits", text("contact_sync.index_credits", { tidy: code, mono: true, short: true }), {
      off: () => is("contact_sync.index", "off"),
    }).node,
    ...peopleParts,
  ),
);

// Click to call

/** Keys that a shortcut is made with besides letters; everything else is typing. */
const MODIFIERS = ["Control", "Alt", "Shift", "Meta"];

/**
 * A combination that is pressed is written down; a single key is typed.
 *
 * @param {import("./fields.js").Control} control
 */
function recording(control) {
  const [input] = control.inputs();
  input.addEventListener("keydown", (/** @type {any} */ event) => {
    const held = [
      event.ctrlKey ? "Ctrl" : "",
      event.altKey ? "Alt" : "",
      event.shiftKey ? "Shift" : "",
      event.metaKey ? "Super" : "",
    ].filter(Boolean);
    const key = /^(Key|Digit)/.test(event.code) ? event.code.slice(-1) : event.key;
    const strong = event.altKey || event.metaKey || (event.ctrlKey && (event.shiftKey || /^F\d+$/.test(key)));
    if (!strong || MODIFIERS.includes(event.key) || !/^[A-Za-z0-9]{1,12}$/.test(key) || key === "Tab") return;
    event.preventDefault();
    input.value = [...held, key].join("+");
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  return control;
}

const shortcutText = make("p", {});
const shortcutNote = note("warn", shortcutText);
shortcutNote.id = "shortcut-state";
shortcutNote.setAttribute("role", "status");

drawWith(() => {
  const state = view()?.shortcut.state ?? "off";
  shortcutNote.hidden = !["taken", "unusable", "wayland"].includes(state);
  const told = shortcutNote.hidden ? "" : words.text(`settings-shortcut-${state}`);
  if (shortcutText.textContent !== told) shortcutText.textContent = told;
});

const internationalPrefix = field(
  "click_to_call.international_prefix",
  text("click_to_call.international_prefix", {
    tidy: code,
    short: true,
    mode: "tel",
    hint: "settings-click-to-call-international-prefix-hint",
  }),
);

const clickToCall = page(
  "click-to-call",
  card(
    null,
    field("click_to_call.confirm", radios("click_to_call.confirm", ["always", "new_numbers", "never"]), {
      layout: "stack",
    }).node,
    internationalPrefix.node,
    tryNumber("try-dialing", () => ({ international_prefix: internationalPrefix.control.read() })),
    field(
      "click_to_call.shortcut",
      recording(text("click_to_call.shortcut", { tidy: code, hint: "settings-click-to-call-shortcut-hint" })),
    ).node,
    shortcutNote,
    field("click_to_call.allow_native_messaging", toggle("click_to_call.allow_native_messaging")).node,
  ),
  browsersCard,
  linksCard,
);

// Notifications and privacy

/** `HH:MM`, also from `8`, `830`, `8.30` and full-width digits. @param {string} typed */
function time(typed) {
  const text = code(typed);
  const [, hours, minutes = "00"] = /^(\d{1,2})(?:[:.hH]?(\d{2}))?$/.exec(text) ?? [];
  return hours ? `${hours.padStart(2, "0")}:${minutes}` : text;
}

/** One end of the quiet hours needs the other. @param {string} other @param {string} usual */
const withOther = (other, usual) => (/** @type {?string} */ value) => {
  // What is typed there already is not overwritten.
  if (fields.get(other)?.dirty()) return {};
  if (value === null) return { [other]: null };
  return valueOf(other) === null ? { [other]: usual } : {};
};

const notifications = page(
  "notifications",
  card(
    null,
    field("notifications.level", radios("notifications.level", ["quiet", "normal", "insistent"]), { layout: "stack" })
      .node,
  ),
  card(
    "settings-privacy",
    field("notifications.caller", radios("notifications.caller", ["name", "masked_number", "hidden"]), {
      layout: "stack",
    }).node,
  ),
  card(
    "settings-quiet-hours",
    help("settings-quiet-hours-help"),
    field(
      "notifications.quiet_from",
      text("notifications.quiet_from", { tidy: time, short: true, hint: "settings-quiet-from-hint" }),
      {
        along: withOther("notifications.quiet_until", "08:00"),
      },
    ).node,
    field(
      "notifications.quiet_until",
      text("notifications.quiet_until", { tidy: time, short: true, hint: "settings-quiet-until-hint" }),
      {
        along: withOther("notifications.quiet_from", "22:00"),
      },
    ).node,
  ),
);

export const rulePages = [popUp, newContacts, tickets, callLog, contactSync, clickToCall, notifications];
