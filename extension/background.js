// Owns where content scripts run, and the one door to the app (native messaging, see README.md).
// Must not know: pages, numbers in texts. Keeps no state: the browser ends it when it is idle.

import { desk, isOn, keep, read, siteOf } from "./kept.js";

const HOST = "com.deskring.host";
const VERSION = 1;
const NUMBER = /^\+[1-9]\d{4,14}(;ext=\d{1,9})?$/;
const ADDRESS = /^tel:\+[1-9]\d{4,14}(;ext=\d{1,9})?$/;

// QUIRK(firefox): the manifest that it gives has whole addresses here, which it does not take back.
const files = () =>
  chrome.runtime.getManifest().content_scripts[0].js.map((file) => new URL(file, chrome.runtime.getURL("")).pathname.slice(1));

let turn = Promise.resolve();
/** Makes the scripts run where the browser's permissions say; one after the other, as events come in crowds. */
function register() {
  turn = turn.then(async () => {
    const { origins = [] } = await chrome.permissions.getAll();
    const matches = origins.filter((pattern) => !desk().includes(pattern));
    const known = await chrome.scripting.getRegisteredContentScripts({ ids: ["sites"] });
    if (known.length) await chrome.scripting.unregisterContentScripts({ ids: ["sites"] });
    if (!matches.length) return;
    await chrome.scripting.registerContentScripts([
      {
        id: "sites",
        matches,
        excludeMatches: desk(),
        js: files(),
        runAt: "document_idle",
        allFrames: true,
        matchOriginAsFallback: true,
      },
    ]);
  });
  return turn;
}

/** Pages that are open already need no reload. */
async function reach(origins) {
  for (const tab of await chrome.tabs.query({ url: origins })) {
    const target = { tabId: tab.id, allFrames: true };
    // A page of an error, or one that is just gone.
    await chrome.scripting.executeScript({ target, files: files() }).catch(() => undefined);
  }
}

async function permitted() {
  await register();
  await keep({ permitted: (await read()).permitted + 1 });
}

chrome.runtime.onInstalled.addListener(async () => {
  await register();
  const { origins = [] } = await chrome.permissions.getAll();
  if (origins.length) await reach(origins);
});
chrome.permissions.onAdded.addListener(async ({ origins = [] }) => {
  await permitted();
  if (origins.length) await reach(origins);
});
chrome.permissions.onRemoved.addListener(() => void permitted());

/** The site a message comes from: the page's that a frame stands in, as that is what a person sees and allows. */
const siteOfSender = (sender) => siteOf(sender.tab?.url ?? sender.origin ?? sender.url ?? "");

async function page(sender) {
  const { country, handover } = await read();
  return { on: await isOn(siteOfSender(sender)), country, handover };
}

/** Asks the app's host. It ends after each answer, so a host that is gone is noticed at once. */
async function native(message) {
  if (!chrome.runtime.sendNativeMessage) return { ok: false, code: "no-app" };
  try {
    const answer = await chrome.runtime.sendNativeMessage(HOST, { v: VERSION, ...message });
    if (answer?.ok === true) return answer;
    const code = /^[a-z-]{1,40}$/.test(answer?.code) ? answer.code : "other";
    return { ok: false, code };
  } catch {
    return { ok: false, code: "no-app" };
  }
}

async function dial(number, sender) {
  const { handover } = await read();
  const site = siteOfSender(sender);
  if (handover !== "app" || !NUMBER.test(number) || !(await isOn(site))) return { ok: false, code: "other" };
  const { ok, code } = await native({ type: "dial", number, origin: new URL(sender.tab.url ?? sender.origin).origin });
  return ok ? { ok } : { ok, code };
}

async function open(address, sender) {
  if (!ADDRESS.test(address) || !(await isOn(siteOfSender(sender)))) return false;
  const message = { type: "open", address };
  return chrome.tabs.sendMessage(sender.tab.id, message, { frameId: 0 }).catch(() => false);
}

// Who may ask what: a page's script never learns more than it needs.
const FROM_PAGES = new Map([
  ["page", (_message, sender) => page(sender)],
  ["dial", ({ number }, sender) => dial(number, sender)],
  ["open", ({ address }, sender) => open(address, sender)],
]);
const FROM_SETTINGS = new Map([["status", () => native({ type: "status" })]]);

chrome.runtime.onMessage.addListener((message, sender, answer) => {
  if (sender.id !== chrome.runtime.id) return false;
  const ours = sender.url?.startsWith(chrome.runtime.getURL(""));
  const work = (ours ? FROM_SETTINGS : FROM_PAGES).get(message.type)?.(message, sender);
  work?.then(answer, () => answer(undefined));
  return Boolean(work);
});
