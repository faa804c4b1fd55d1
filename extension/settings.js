// Owns the settings page, which is also the toolbar's popup: this page, country, handing over, sites.
// Must not know: the app's protocol; the background asks it.

import { desk, isOn, keep, patternOf, read, siteOf, siteOfPattern } from "./kept.js";

/** Names of messages have no hyphens, those of codes do. */
const words = (key, ...values) => chrome.i18n.getMessage(key.replaceAll("-", "_"), values);
const $ = (id) => document.getElementById(id);
const inPopup = new URLSearchParams(location.search).has("popup");
const APP = { permissions: ["nativeMessaging"] };

/** The page under the popup. Only the popup may see its address, by the press that opened it. */
let tab;

function fill() {
  const language = words("language");
  document.documentElement.lang = language;
  document.documentElement.classList.toggle("popup", inPopup);
  for (const place of document.querySelectorAll("[data-words]")) place.textContent = words(place.dataset.words);
  document.title = words("name");

  const names = new Intl.DisplayNames([language], { type: "region" });
  const order = new Intl.Collator(language);
  const countries = libphonenumber
    .getCountries()
    .map((code) => new Option(`${names.of(code) ?? code} (+${libphonenumber.getCountryCallingCode(code)})`, code));
  countries.sort((one, other) => order.compare(one.text, other.text));
  $("country").append(new Option(words("country-none"), ""), ...countries);
}

async function show() {
  const kept = await read();
  $("country").value = kept.country;
  document.querySelector(`[name=handover][value=${kept.handover}]`).checked = true;
  $("app-check").hidden = kept.handover !== "app";
  if (kept.handover !== "app") said($("app-state"), "");
  await Promise.all([showHere(), showSites(kept)]);
}

async function showHere() {
  if (!tab) return;
  const site = siteOf(tab.url ?? "");
  $("here").hidden = false;
  $("here-site").textContent = site ? new URL(site).hostname : "";
  if (!site) return said($("here-state"), words("here-impossible"));
  const on = await isOn(site);
  const count = on ? await chrome.tabs.sendMessage(tab.id, { type: "count" }, { frameId: 0 }).catch(() => undefined) : 0;
  const state = !on ? "here-off" : count === undefined ? "here-reload" : count === 0 ? "here-none" : "here-some";
  said($("here-state"), words(state, String(count)));
  $("here-switch").hidden = false;
  $("here-switch").textContent = words(on ? "switch-off" : "switch-on");
  $("here-switch").classList.toggle("first", !on);
  $("here-switch").onclick = () => (on ? remove(site) : allow(site));
}

async function showSites({ off }) {
  const { origins = [] } = await chrome.permissions.getAll();
  const others = origins.filter((pattern) => !desk().includes(pattern)).sort();
  $("sites").replaceChildren(
    row(words("desk-sites"), words("on")),
    ...off.map((site) => row(new URL(site).hostname, words("off"), words("switch-on"), () => allow(site))),
    ...others.map((pattern) => row(siteOfPattern(pattern), "", words("remove"), () => remove(siteOfPattern(pattern)))),
  );
}

function row(name, state, action, act) {
  const item = document.createElement("li");
  const [text, quiet] = [document.createElement("span"), document.createElement("small")];
  text.textContent = name;
  quiet.textContent = state;
  quiet.className = "state";
  item.append(text, quiet);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action;
    button.setAttribute("aria-label", `${action}: ${name}`);
    button.onclick = act;
    item.append(button);
  }
  return item;
}

function said(place, text, kind = "") {
  place.className = kind;
  place.textContent = text;
}

/** Desk's own sites are switched off and on; for others the browser's permission is the switch. */
async function allow(site) {
  // First of all: browsers show their question only right after a press.
  const asked = desk().includes(patternOf(site))
    ? Promise.resolve(true)
    : chrome.permissions.request({ origins: [patternOf(site)] });
  if (!(await asked.catch(() => false))) return;
  const { off } = await read();
  await keep({ off: off.filter((other) => other !== site) });
}

async function remove(site) {
  if (desk().includes(patternOf(site))) {
    const { off } = await read();
    await keep({ off: [...off.filter((other) => other !== site), site] });
  } else {
    await chrome.permissions.remove({ origins: [patternOf(site)] });
  }
}

async function choose(event) {
  const handover = event.target.value;
  if (handover === "app" && !(await chrome.permissions.request(APP).catch(() => false))) {
    await show();
    return said($("app-state"), words("app-refused"), "bad");
  }
  await keep({ handover });
  if (handover === "app") await check();
  else await chrome.permissions.remove(APP).catch(() => false);
}

async function check() {
  said($("app-state"), words("app-checking"));
  const answer = await chrome.runtime.sendMessage({ type: "status" });
  if (!answer?.ok) return said($("app-state"), words(`problem-${answer?.code}`) || words("problem-other"), "bad");
  said($("app-state"), words("app-there"), "good");
  // The app knows the home country; what a person chose here is left as it is.
  const { country } = await read();
  if (!country && libphonenumber.isSupportedCountry(answer.country)) await keep({ country: answer.country });
}

$("country").addEventListener("change", (event) => keep({ country: event.target.value }));
for (const choice of document.querySelectorAll("[name=handover]")) choice.addEventListener("change", choose);
$("app-check").addEventListener("click", check);
$("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = $("add-site").value.trim();
  const site = siteOf(/^https?:\/\//i.test(typed) ? typed : `https://${typed}`);
  said($("add-problem"), site ? "" : words("add-problem"), "bad");
  if (!site) return $("add-site").focus();
  $("add-site").value = "";
  void allow(site);
});
chrome.storage.onChanged.addListener(() => void show());
// The scripts of a page that was just allowed need a moment to get there.
chrome.permissions.onAdded.addListener(() => setTimeout(showHere, 500));

fill();
if (inPopup) [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
await show();
if ((await read()).handover === "app") await check();
