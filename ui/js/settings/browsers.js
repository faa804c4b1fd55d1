/**
 * Which browsers start Deskring for its extension, and telling them to. Looks again whenever somebody comes back. Must
 * not know what is sent.
 *
 * @typedef {import("../types.js").BrowserHost} BrowserHost
 */
import { clean } from "../phrases.js";
import { asking } from "./asking.js";
import { announce, make, words } from "./dom.js";
import { card, help, note, worker } from "./forms.js";
import { drawWith, valueOf } from "./model.js";

/** @type {?BrowserHost[]} */
let browsers = null;
const { ask, look, problem } = asking("browsers", (answer) => {
  if (answer.answer === "browsers") browsers = answer.browsers;
});

async function offer() {
  if (await ask("offer_to_browsers")) announce(words.text("settings-browsers-offered"));
}

async function withdraw() {
  if (await ask("withdraw_from_browsers")) announce(words.text("settings-browsers-withdrawn"));
}

const list = make("ul", { id: "browsers" });
const off = note("info", make("p", { words: "settings-browsers-off" }));
off.id = "browsers-off";
const offerButton = worker("settings-browsers-offer", offer, { id: "browsers-offer" });
const withdrawButton = worker("settings-browsers-withdraw", withdraw, { id: "browsers-withdraw" });
const node = card(
  "settings-browsers",
  help("settings-browsers-help"),
  list,
  off,
  problem,
  make("div", "buttons start", offerButton, withdrawButton),
);

/** @param {BrowserHost} it */
const line = ({ browser, host, program }) =>
  words.with(`settings-browsers-${host}`, {
    browser: words.text(`settings-browser-${browser}`),
    program: clean(program ?? ""),
  });

drawWith(() => {
  look(node);
  const told = browsers === null ? [] : browsers.length ? browsers.map(line) : [words.text("settings-browsers-none")];
  if (told.join("\n") !== [...list.children].map((it) => it.textContent).join("\n")) {
    list.replaceChildren(...told.map((text) => make("li", {}, text)));
  }
  const has = (/** @type {BrowserHost["host"][]} */ ...hosts) => browsers?.some((it) => hosts.includes(it.host)) ?? false;
  offerButton.hidden = !has("no", "elsewhere");
  withdrawButton.hidden = !has("user", "elsewhere");
  off.hidden = valueOf("click_to_call.allow_native_messaging") === true || !has("user", "system");
});

export const browsersCard = node;
