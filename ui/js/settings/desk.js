/**
 * Zoho Desk: registering the app, signing in, organization and department, switching it off, disconnecting.
 *
 * @typedef {import("../types.js").Choices} Choices
 * @typedef {import("../types.js").SignIn} SignIn
 */
import * as backend from "../backend.js";
import { clean, timer } from "../phrases.js";
import { confirm } from "./confirm.js";
import { announce, button, make, mark, outside, reshape, say, shape, words } from "./dom.js";
import { choice, code, faultText, field, picker, radios, text, toggle } from "./fields.js";
import { fixOf } from "./fixes.js";
import { card, copier, form, note, page, secretField, worker } from "./forms.js";
import { changed, drawWith, faultOf, forget, model, take, valueOf, view } from "./model.js";

const DATA_CENTERS = ["us", "eu", "in", "au", "jp", "cn", "ca", "sa", "sg", "ae", "custom"];
/** Where an app is registered; a client belongs to the data center it was made in. */
const CONSOLES = {
  us: "https://api-console.zoho.com/",
  eu: "https://api-console.zoho.eu/",
  in: "https://api-console.zoho.in/",
  au: "https://api-console.zoho.com.au/",
  jp: "https://api-console.zoho.jp/",
  cn: "https://api-console.zoho.com.cn/",
  ca: "https://api-console.zohocloud.ca/",
  sa: "https://api-console.zoho.sa/",
  sg: "https://api-console.zoho.sg/",
  ae: "https://api-console.zoho.ae/",
};

const dataCenter = field("desk.data_center", choice("desk.data_center", DATA_CENTERS), { saved: "by_form" });
/** What the form shows decides, saved or not. */
const custom = () => dataCenter.control.read() === "custom";
const accounts = field(
  "desk.accounts_url",
  text("desk.accounts_url", { tidy: code, hint: "settings-desk-accounts-url-hint", mode: "url" }),
  {
    layout: "stack",
    saved: "by_form",
  },
);
const server = field(
  "desk.desk_url",
  text("desk.desk_url", { tidy: code, hint: "settings-desk-desk-url-hint", mode: "url" }),
  {
    layout: "stack",
    saved: "by_form",
  },
);
const clientType = field("desk.client_type", radios("desk.client_type", ["server", "desktop"]), {
  layout: "stack",
  saved: "by_form",
});
const clientId = field("desk.client_id", text("desk.client_id", { tidy: code, mono: true }), {
  layout: "stack",
  saved: "by_form",
});
const portText = text("desk.redirect_port", { tidy: code, mono: true });
const port = field(
  "desk.redirect_port",
  {
    ...portText,
    read: () => {
      const typed = String(portText.read() ?? "");
      return /^\d{1,5}$/.test(typed) ? Number(typed) : typed || null;
    },
    write: (value) => portText.write(value === null ? null : String(value)),
  },
  { layout: "stack", saved: "by_form" },
);
const secret = secretField("desk", "desk_client_secret");

// Status

/** `connected`, `disabled`, `sign_in_needed` or `not_connected`. */
export function deskStatus() {
  const link = view()?.desk;
  if (valueOf("desk.enabled") === false || link?.state === "disabled") return "disabled";
  if (link?.state === "up") return "connected";
  const needed = link?.cause === "signed_out" || link?.cause === "desk_sign_in_missing";
  const known = valueOf("desk.client_id") !== null && model.settings?.secrets.desk_refresh_token === null;
  return needed || (known && link?.state !== "connecting") ? "sign_in_needed" : "not_connected";
}

const SHAPE_OF_STATUS = { connected: "up", disabled: "off", sign_in_needed: "stopped", not_connected: "off" };
const STATE_OF_STATUS = {
  connected: "up",
  disabled: "disabled",
  sign_in_needed: "stopped",
  not_connected: "not_set_up",
};

function statusCard() {
  const picture = shape("off");
  const pill = make("span", { class: "pill", id: "desk-status" }, picture, make("span"));
  const why = make("p", "help cause");
  const enabled = field("desk.enabled", toggle("desk.enabled"));
  drawWith(() => {
    const status = deskStatus();
    pill.dataset.state = STATE_OF_STATUS[status];
    pill.dataset.status = status;
    reshape(picture, SHAPE_OF_STATUS[status]);
    say(/** @type {Element} */ (pill.lastElementChild), words.ofCode("settings-status", status));
    const link = view()?.desk;
    const cause = status !== "connected" && status !== "disabled" ? link?.cause : null;
    const texts = cause ? [words.ofCode("cause", cause), fixOf("desk", cause), clean(link?.detail)] : [];
    const connecting = link?.state === "connecting" ? words.text("link-state-connecting") : "";
    say(why, texts.filter(Boolean).join(" · ") || connecting);
    why.hidden = !why.textContent;
  });
  return card(
    null,
    make(
      "div",
      "field row",
      make("div", "about", make("span", { class: "label", words: "settings-status" }), why),
      make("span"),
      make("div", "control", pill),
    ),
    enabled.node,
  );
}

// Registering and signing in

/** @param {string} key of words @param {"home_page" | "redirect"} which */
function address(key, which) {
  const value = make("code", { id: `desk-${which.replace("_", "-")}` });
  drawWith(() => say(value, model.settings?.[which] ?? ""));
  const name = make("dt", { words: key, id: `desk-${which.replace("_", "-")}-label` });
  return make(
    "div",
    "print",
    name,
    make(
      "dd",
      {},
      value,
      copier(() => model.settings?.[which] ?? "", name.id),
    ),
  );
}

const consoleLink = outside("settings-desk-console", CONSOLES.us);
drawWith(() => {
  const chosen = /** @type {keyof typeof CONSOLES} */ (dataCenter.control.read() ?? "us");
  mark(consoleLink, "href", CONSOLES[chosen] ?? CONSOLES.us);
  accounts.node.hidden = !custom();
  server.node.hidden = !custom();
});

const kind = make("strong");
drawWith(() =>
  say(kind, clientType.control.read() === "desktop" ? "Mobile-based Applications" : "Server-based Applications"),
);

const how = make(
  "details",
  "more",
  make("summary", {}, make("span", { words: "settings-desk-how" }), shape("chevron-down", "shape small")),
  make(
    "ol",
    "steps",
    make("li", {}, make("p", { words: "settings-desk-step-console" }), consoleLink),
    make("li", {}, make("p", {}, make("span", { words: "settings-desk-step-type" }), " ", kind)),
    make(
      "li",
      {},
      make("p", { words: "settings-desk-step-addresses" }),
      make("dl", "facts", address("settings-home-page", "home_page"), address("settings-redirect", "redirect")),
      port.node,
    ),
    make("li", {}, make("p", { words: "settings-desk-step-client" })),
  ),
);
let howDecided = false;
drawWith(() => {
  if (howDecided || !model.settings) return;
  howDecided = true;
  how.open = valueOf("desk.client_id") === null;
});

const signIn = make("div", { id: "sign-in", class: "result", "aria-live": "polite" });
const start = worker("settings-sign-in", begin, { class: "button primary", id: "desk-sign-in" });
const client = form({
  id: "desk-form",
  fields: [dataCenter, accounts, server, clientType, port, clientId],
  secrets: [secret],
  body: [
    card(
      "settings-desk-register",
      dataCenter.node,
      accounts.node,
      server.node,
      clientType.node,
      how,
      clientId.node,
      secret.node,
    ),
  ],
  buttons: [start],
});
client.node.querySelector(":scope > .bar")?.before(signIn);

/** @type {?import("../types.js").Fault} */
let refused = null;

/** How the last attempt asked, so that the next one can ask otherwise. */
let asked = { other_scopes: false, file_permitted: false };

function begin() {
  return ask({ other_scopes: false, file_permitted: false });
}

/** @param {typeof asked} how */
async function ask(how) {
  refused = null;
  if (!(await client.save())) return;
  asked = how;
  try {
    const { address } = await backend.want({ want: "sign_in", ...how });
    await backend.openExternal(address);
  } catch (error) {
    refused = faultOf(error);
  }
  changed();
}

/** Whether this window has seen somebody sign in. */
let begun = false;
/** What of signing in is drawn, so that buttons stay while nothing changes. */
let drawn = "";
/** @type {(() => void) | null} */
let tick = null;
drawWith(drawSignIn);
setInterval(() => tick?.(), 1000);

function drawSignIn() {
  const told = view()?.sign_in ?? null;
  if (told?.state === "waiting") begun = true;
  // How it went before this window was opened is no news.
  const now = begun ? told : null;
  say(start, words.text(client.dirty() ? "settings-save-and-sign-in" : "settings-sign-in"));
  const key = JSON.stringify([now, refused, words.language]);
  if (key === drawn) return;
  const before = drawn;
  drawn = key;
  tick = null;
  if (refused) signIn.replaceChildren(card(null, note("bad", make("p", {}, faultText(refused)), fixed(refused.code))));
  else if (now?.state === "waiting") signIn.replaceChildren(waiting(now));
  else if (now?.state === "done") {
    signIn.replaceChildren(
      card(
        null,
        note(
          "good",
          make("p", { class: "strong", words: "settings-signed-in" }),
          make("p", { words: "settings-signed-in-next" }),
        ),
      ),
    );
    loadChoices();
  } else if (now?.state === "failed") {
    const detail = clean(now.detail);
    const failed = note(
      "bad",
      make("p", "strong cause", words.ofCode("cause", now.cause)),
      fixed(now.cause),
      detail ? make("p", "help mono", detail) : null,
    );
    failed.dataset.cause = now.cause;
    signIn.replaceChildren(card(null, failed, now.cause === "consent_needed" ? permitFile() : null));
  } else signIn.replaceChildren();
  if (before && signIn.hasChildNodes()) signIn.scrollIntoView({ block: "nearest" });
}

/** @param {string} cause */
function fixed(cause) {
  const fix = fixOf("desk", cause);
  return fix ? make("p", {}, fix) : null;
}

/** The sign-in has no keychain to go to: a file will do when the person says so. */
const permitFile = () =>
  make(
    "div",
    "buttons",
    make("p", { class: "help", words: "settings-consent" }),
    worker("settings-consent-yes", () => ask({ ...asked, file_permitted: true }), { id: "sign-in-consent-yes" }),
  );

/** @param {Extract<SignIn, {state: "waiting"}>} now */
function waiting(now) {
  const left = make("span", "strong");
  tick = () => say(left, words.with("settings-time-left", { time: timer(now.until_ms - Date.now()) }));
  tick();
  const hint = make("p", { words: "settings-sign-in-waiting", id: "sign-in-hint" });
  return card(
    null,
    make(
      "div",
      { class: "note", data: { tone: "info", state: "connecting" } },
      shape("connecting"),
      make("div", "text", hint, make("p", { "aria-live": "off" }, left)),
    ),
    make(
      "div",
      "buttons",
      worker("settings-cancel", () => backend.want({ want: "cancel_sign_in" }).catch(() => {}), {
        id: "sign-in-cancel",
      }),
      copier(() => now.address, hint.id),
      button("settings-open-again", () => backend.openExternal(now.address), { id: "sign-in-again" }),
    ),
    asked.other_scopes
      ? null
      : make(
          "p",
          "help",
          make("span", { words: "settings-other-scopes" }),
          " ",
          button("settings-other-scopes-do", () => ask({ ...asked, other_scopes: true }), {
            id: "sign-in-other-scopes",
            class: "button quiet",
          }),
        ),
  );
}

// Organization and department

/** @type {?Choices} */
let choices = null;
/** @type {?import("../types.js").Fault} */
let choicesFault = null;
let asking = false;

async function loadChoices() {
  if (asking) return;
  asking = true;
  changed();
  try {
    choices = await backend.want({ want: "choices" });
    choicesFault = null;
  } catch (error) {
    choicesFault = faultOf(error);
  } finally {
    asking = false;
    changed();
  }
}

/** @param {"organizations" | "departments"} which */
const offered = (which) => (choices?.[which] ?? []).map(({ id, name }) => ({ value: id, text: clean(name) || id }));

/** What comes with the present organization is another department's. */
let organizationOfChoices = "";

function chooseCard() {
  const organization = field(
    "desk.organization_id",
    picker("desk.organization_id", () => offered("organizations"), { empty: "settings-choose" }),
    { off: () => choices === null, along: () => ({ "desk.department_id": null }) },
  );
  const department = field(
    "desk.department_id",
    picker("desk.department_id", () => offered("departments"), { empty: "settings-choose" }),
    { off: () => choices === null },
  );
  const me = make("span");
  const who = make(
    "div",
    { class: "field row", data: { field: "me" } },
    make("div", "about", make("span", { class: "label", words: "settings-me" })),
    make("span"),
    make("div", "control", me),
  );
  const problem = make("div");
  const again = worker("settings-refresh", loadChoices, { class: "button small", id: "desk-choices" });
  drawWith(() => {
    const agent = choices?.me;
    say(me, agent ? [clean(agent.name), clean(agent.email)].filter(Boolean).join(" · ") : "");
    who.hidden = !agent;
    mark(again, "aria-busy", asking ? "true" : null);
    const text = choicesFault ? faultText(choicesFault) : "";
    if (problem.textContent !== text) problem.replaceChildren(...(text ? [note("bad", make("p", {}, text))] : []));
    node.hidden = deskStatus() === "not_connected" || (deskStatus() === "sign_in_needed" && !choices);
    const now = valueOf("desk.organization_id") ?? "";
    const connected = view()?.desk.state === "up";
    if (connected && !asking && !choicesFault && (choices === null || now !== organizationOfChoices)) {
      organizationOfChoices = now;
      loadChoices();
    }
  });
  const node = card(
    null,
    make("div", "head", make("h2", { words: "settings-desk-account" }), again),
    problem,
    who,
    organization.node,
    department.node,
  );
  return node;
}

// Disconnecting

function disconnectCard() {
  const problem = make("div", { role: "alert" });
  const press = button("settings-disconnect", disconnect, { class: "button danger", id: "desk-disconnect" });
  async function disconnect() {
    const agreed = await confirm({
      title: "settings-disconnect-title",
      body: [
        make("p", { class: "strong", words: "settings-disconnect-goes" }),
        make(
          "ul",
          "points",
          ...["sign-in", "client", "settings"].map((it) => make("li", { words: `settings-disconnect-goes-${it}` })),
        ),
        make("p", { class: "strong", words: "settings-disconnect-stays" }),
        make(
          "ul",
          "points",
          ...["phonebook", "desk", "pbx"].map((it) => make("li", { words: `settings-disconnect-stays-${it}` })),
        ),
      ],
      yes: "settings-disconnect-yes",
    });
    if (!agreed) return;
    problem.replaceChildren();
    try {
      const answer = await backend.want({ want: "disconnect" });
      choices = null;
      organizationOfChoices = "";
      begun = false;
      forget(["desk.organization_id", "desk.department_id"]);
      for (const it of [dataCenter, accounts, server, clientType, port, clientId]) it.settle();
      take(answer);
      announce(words.text("settings-disconnected"));
      how.open = true;
      // The button is gone with what there was to disconnect.
      deskPage.querySelector("h1")?.focus();
    } catch (error) {
      problem.replaceChildren(note("bad", make("p", {}, faultText(faultOf(error)))));
    }
  }
  const node = card(
    "settings-disconnect-title",
    make(
      "div",
      "field row",
      make("div", "about", make("p", { class: "help", words: "settings-disconnect-help" })),
      make("span"),
      make("div", "control", press),
    ),
    problem,
  );
  drawWith(() => {
    const kept = model.settings?.secrets;
    node.hidden = valueOf("desk.client_id") === null && !kept?.desk_client_secret && !kept?.desk_refresh_token;
  });
  return node;
}

export const deskForm = client;
export const deskParts = [statusCard(), client.node, chooseCard()];
export const deskPage = page(
  "zoho-desk",
  make("div", { class: "parts", data: { parts: "desk" } }, ...deskParts),
  card("settings-desk-writing", field("desk.dry_run", toggle("desk.dry_run")).node),
  disconnectCard(),
);
