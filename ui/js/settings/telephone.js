/**
 * The phone system: its form, and what it answers when it is tried. A certificate that nobody vouches for is trusted
 * only after a person has compared it.
 *
 * @typedef {import("../types.js").Certificate} Certificate
 * @typedef {import("../types.js").PbxTest} PbxTest
 * @typedef {import("../types.js").Site} Site
 */
import * as backend from "../backend.js";
import { LINK_SHAPES, clean, linkState } from "../phrases.js";
import { confirm } from "./confirm.js";
import { countries } from "./countries.js";
import { announce, button, make, mark, reshape, say, shape, words } from "./dom.js";
import { code, faultText, field, list, picker, text } from "./fields.js";
import { fixOf } from "./fixes.js";
import { card, copier, form, help, note, page, secretField, worker } from "./forms.js";
import { invitationCard, takeLinks } from "./invitation.js";
import { drawWith, faultOf, forget, isLocked, valueOf, view } from "./model.js";
import { tryNumber } from "./number.js";

/**
 * A line that shows a link as it is now.
 *
 * @param {"pbx" | "desk"} which
 */
export function linkLine(which) {
  const picture = shape("off");
  const state = make("p", "strong cause");
  const fix = make("p", "help");
  const node = make(
    "div",
    { class: "link", data: { link: which, state: "not_set_up" } },
    picture,
    make("div", "text", state, fix),
  );
  drawWith(drawLink);
  setInterval(drawLink, 1000);
  function drawLink() {
    const link = view()?.[which];
    if (!link) {
      node.dataset.state = "not_set_up";
      reshape(picture, "off");
      say(state, words.text("settings-status-unknown"));
      fix.hidden = true;
      return;
    }
    node.dataset.state = link.state;
    reshape(picture, LINK_SHAPES[link.state]);
    say(state, linkState(link, Date.now(), words));
    const help = [link.cause ? fixOf(which, link.cause) : "", clean(link.detail)].filter(Boolean).join(" ");
    // Which of several addresses serves.
    say(fix, link.state === "up" ? clean(link.address) : help);
    fix.hidden = !fix.textContent;
  }
  return node;
}

/** `ab:cd:…`, as browsers and the PBX write it. @param {string} sha256 */
const grouped = (sha256) =>
  clean(sha256)
    .replaceAll(":", "")
    .toUpperCase()
    .match(/.{1,2}/g)
    ?.join(":") ?? "";

/** A fingerprint in pieces that stay whole where a line ends. @param {string} sha256 */
const lines = (sha256) => (grouped(sha256).match(/.{1,24}/g) ?? []).map((piece) => make("span", "piece", piece));

const url = field("pbx.url", text("pbx.url", { tidy: code, hint: "settings-pbx-url-hint", mode: "url" }), {
  layout: "stack",
  saved: "by_form",
});
const more = field(
  "pbx.more_addresses",
  list("pbx.more_addresses", { tidy: code, lines: true, words: true, hint: "settings-pbx-more-addresses-hint" }),
  { layout: "stack", saved: "by_form" },
);
const clientId = field("pbx.client_id", text("pbx.client_id", { tidy: code, mono: true }), {
  layout: "stack",
  saved: "by_form",
});
const secret = secretField("pbx", "pbx_client_secret");
const extensions = field(
  "pbx.extensions",
  list("pbx.extensions", { tidy: code, hint: "settings-pbx-extensions-hint" }),
  {
    layout: "stack",
    saved: "by_form",
  },
);
const trusted = field("pbx.trusted_certificate", text("pbx.trusted_certificate", { tidy: code, mono: true }), {
  layout: "stack",
  saved: "by_form",
});
const country = field(
  "numbers.country",
  picker("numbers.country", () => countries(words.language), { empty: "settings-choose" }),
  { saved: "by_form" },
);
const area = field("numbers.area_code", text("numbers.area_code", { tidy: code, short: true, mode: "numeric" }), {
  saved: "by_form",
});
const prefix = field(
  "numbers.outside_line_prefix",
  text("numbers.outside_line_prefix", { tidy: code, short: true, mode: "numeric" }),
  { saved: "by_form" },
);

const result = make("div", { id: "pbx-result", class: "result", "aria-live": "polite" });
/** Draws the last answer, in whatever language is spoken then. */
let drawResult = () => {};
drawWith(() => drawResult());

const advanced = make(
  "details",
  "more",
  make("summary", {}, make("span", { words: "settings-certificate" }), shape("chevron-down", "shape small")),
  trusted.node,
);
drawWith(() => {
  if (valueOf("pbx.trusted_certificate")) mark(advanced, "open", "");
});

const gateways = make(
  "details",
  "more",
  make("summary", {}, make("span", { words: "settings-gateways" }), shape("chevron-down", "shape small")),
  more.node,
);
drawWith(() => {
  if (valueOf("pbx.more_addresses")?.length) mark(gateways, "open", "");
});

const connection = form({
  id: "pbx-form",
  fields: [url, more, clientId, extensions, trusted, country, area, prefix],
  secrets: [secret],
  body: [
    card(null, help("settings-pbx-where"), url.node, clientId.node, secret.node, extensions.node, advanced, gateways),
    card(
      "settings-numbers",
      help("settings-numbers-help"),
      country.node,
      area.node,
      prefix.node,
      tryNumber("try-number", () => ({
        country: country.control.read() ?? "",
        area_code: area.control.read() ?? "",
        outside_line_prefix: prefix.control.read() ?? "",
      })),
    ),
  ],
  buttons: [],
});
const test = worker("settings-test", () => run(), { class: "button primary", id: "pbx-test" });
connection.node.querySelector(":scope > .bar")?.append(test);
connection.node.querySelector(":scope > .bar")?.before(result);

async function run() {
  say(test, words.text("settings-testing"));
  try {
    const answer = await backend.want({
      want: "test_pbx",
      draft: {
        url: url.control.read() ?? "",
        client_id: clientId.control.read() ?? "",
        client_secret: secret.text(),
        extensions: extensions.control.read(),
        trusted_certificate: trusted.control.read(),
        more_addresses: more.control.read(),
      },
    });
    show(() => answered(answer));
    announce(words.text(answer.cause ? "settings-test-failed" : "settings-test-passed"));
  } catch (error) {
    const fault = faultOf(error);
    show(() => [note("bad", make("p", {}, faultText(fault)))]);
  } finally {
    say(test, words.text("settings-test"));
  }
  result.scrollIntoView({ block: "nearest" });
}

/** @param {() => Node[]} draw */
function show(draw) {
  let language = "";
  drawResult = () => {
    if (language === words.language && result.hasChildNodes()) return;
    language = words.language;
    result.replaceChildren(...draw());
  };
  result.replaceChildren();
  drawResult();
}

/** @param {PbxTest} answer @returns {Node[]} */
function answered(answer) {
  if (answer.cause) return failed(answer, answer.cause);
  const rows = [
    ["settings-test-model", clean(answer.model)],
    ["settings-test-firmware", clean(answer.firmware)],
    ...answer.extensions.map(({ number, name }) => [
      "settings-test-extension",
      [number, clean(name)].filter(Boolean).join(" · "),
    ]),
    ["settings-test-extension-monitor", words.ofCode("settings-monitor", answer.extension_monitor)],
    ["settings-test-trunk-monitor", words.ofCode("settings-monitor", answer.trunk_monitor)],
  ].filter(([, value]) => value);
  const monitored = answer.extension_monitor !== "off" && answer.trunk_monitor !== "off";
  return [
    card(
      null,
      note(
        "good",
        make("p", { class: "strong", words: "settings-test-passed" }),
        make("p", "help", words.with("settings-test-took", { ms: answer.took_ms })),
      ),
      make(
        "dl",
        "facts",
        ...rows.map(([key, value]) => make("div", {}, make("dt", { words: key }), make("dd", {}, value))),
      ),
      answer.missing.length > 0
        ? note(
            "warn",
            make(
              "p",
              {},
              words.with("settings-test-missing", {
                count: answer.missing.length,
                extensions: answer.missing.join(", "),
              }),
            ),
          )
        : null,
      siteList(answer.sites),
      monitored ? null : note("warn", make("p", { words: "settings-monitor-fix" })),
    ),
  ];
}

/**
 * Each of several addresses: which serves, and what is wrong with the others.
 *
 * @param {Site[]} sites
 */
function siteList(sites) {
  if (sites.length === 0) return null;
  const state = (/** @type {Site} */ { serves, cause }) =>
    cause ? words.ofCode("cause", cause) : words.text(serves ? "settings-site-serves" : "settings-site-answers");
  const trust = (/** @type {Site} */ { address, certificate, expected_certificate: expected }) =>
    certificate && !isLocked("pbx.more_addresses")
      ? button("settings-certificate-trust", () => trustAt(address, certificate, expected), { class: "button small" })
      : null;
  return make(
    "dl",
    { class: "facts", id: "sites" },
    ...sites.map((site) => {
      const row = make("div", {}, make("dt", { dir: "ltr" }, clean(site.address)), make("dd", "site", make("span", {}, state(site)), trust(site)));
      row.dataset.state = site.serves ? "serves" : (site.cause ?? "answers");
      return row;
    }),
  );
}

/**
 * Trusts a certificate at one of the addresses, after a person has compared it, and tries again.
 *
 * @param {string} address
 * @param {Certificate} certificate
 * @param {?string} expected
 */
async function trustAt(address, certificate, expected) {
  const [others] = more.control.inputs();
  const at = (/** @type {string} */ text) => text.split("#")[0].replace(/\/+$/, "");
  const listed = /** @type {string[]} */ (more.control.read());
  if (!listed.some((it) => at(it) === address)) return trustFor(certificate, expected);
  if (!(await compared(certificate, expected))) return;
  others.value = listed.map((it) => (at(it) === address ? `${address}#sha256=${certificate.sha256}` : it)).join("\n");
  others.dispatchEvent(new Event("input", { bubbles: true }));
  await run();
}

/**
 * @param {PbxTest} answer
 * @param {string} cause
 * @param {(certificate: Certificate, expected: ?string) => void} [trust] what is done to trust the certificate shown
 * @returns {Node[]}
 */
function failed(answer, cause, trust = trustFor) {
  // How many tries are left, and which certificate it is, stands in its own place.
  const told = answer.tries_left !== null || answer.certificate !== null;
  const detail = told ? "" : clean(answer.detail);
  const fix = fixOf("pbx", cause, { tries: answer.tries_left ?? -1 });
  const say = note(
    cause === "unknown_certificate" ? "warn" : "bad",
    make("p", { class: "strong cause" }, words.ofCode("cause", cause)),
    fix ? make("p", {}, fix) : null,
    detail ? make("p", "help mono", detail) : null,
  );
  say.dataset.cause = cause;
  const { certificate, expected_certificate: expected } = answer;
  if (!certificate) return [card(null, say, siteList(answer.sites))];
  const changed = cause === "changed_certificate";
  const press = button(
    changed ? "settings-certificate-replace" : "settings-certificate-trust",
    () => trust(certificate, changed ? expected : null),
    { class: changed ? "button danger" : "button", id: "certificate-trust" },
  );
  // Which certificate is trusted may be for the administrator to say.
  const locked = isLocked("pbx.trusted_certificate");
  return [
    card(null, say, facts(certificate, expected), locked ? null : make("div", "buttons", press), siteList(answer.sites)),
  ];
}

/** @param {Certificate} certificate @param {?string} expected */
function facts(certificate, expected, place = "result") {
  const day = (/** @type {?number} */ ms) =>
    ms === null ? "?" : new Intl.DateTimeFormat(words.language, { dateStyle: "medium" }).format(ms);
  const rows = [
    ["settings-certificate-subject", clean(certificate.subject) || "?"],
    ["settings-certificate-issuer", clean(certificate.issuer) || "?"],
    ["settings-certificate-validity", `${day(certificate.not_before_ms)} – ${day(certificate.not_after_ms)}`],
    ["settings-certificate-reason", words.ofCode("settings-certificate", certificate.reason)],
  ];
  const print = (/** @type {string} */ key, /** @type {string} */ sha256) =>
    make(
      "div",
      "print",
      make("dt", { words: key, id: `${place}-${key}` }),
      make(
        "dd",
        {},
        make("code", {}, ...lines(sha256)),
        copier(() => grouped(sha256), `${place}-${key}`),
      ),
    );
  return make(
    "dl",
    "facts",
    ...rows.map(([key, value]) => make("div", {}, make("dt", { words: key }), make("dd", { dir: "auto" }, value))),
    ...(expected ? [print("settings-certificate-expected", expected)] : []),
    print(expected ? "settings-certificate-shown" : "settings-certificate-sha256", certificate.sha256),
  );
}

/**
 * Whether a person has compared it and says so.
 *
 * @param {Certificate} certificate
 * @param {?string} expected the one that is trusted until now
 */
const compared = (certificate, expected) =>
  confirm({
    title: expected ? "settings-certificate-replace-title" : "settings-certificate-trust-title",
    body: [
      make("p", { words: expected ? "settings-certificate-replace-ask" : "settings-certificate-trust-ask" }),
      facts(certificate, expected, "question"),
    ],
    yes: "settings-certificate-trust-yes",
    certain: expected ? "settings-certificate-compared" : undefined,
  });

/** @param {Certificate} certificate @param {?string} expected the one that is trusted until now */
async function trustFor(certificate, expected) {
  if (!(await compared(certificate, expected))) return;
  const [input] = trusted.control.inputs();
  input.value = certificate.sha256;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  mark(advanced, "open", "");
  await run();
}

takeLinks(url.control.inputs()[0]);
const invitation = invitationCard({
  distrusted: (answer, join) =>
    failed(answer, answer.cause ?? "other", async (certificate, expected) => {
      if (await compared(certificate, expected)) await join(certificate.sha256);
    }),
  joined(extension, answer) {
    // What the gateway gave takes the place of what was typed for another system; the rest stays.
    const replaced = [url, more, clientId, extensions, trusted];
    for (const it of replaced) it.settle();
    forget(replaced.map((it) => it.key));
    secret.forget();
    const connected = () => note("good", make("p", "strong", words.with("settings-invitation-done", { extension })));
    show(() => [make("div", "parts", connected(), ...answered(answer))]);
    result.scrollIntoView({ block: "nearest" });
  },
});

export const telephoneForm = connection;
export const telephoneParts = [invitation, card(null, linkLine("pbx")), connection.node];
export const telephonePage = page(
  "phone-system",
  make("div", { class: "parts", data: { parts: "telephone" } }, ...telephoneParts),
);
