// Owns the extension's part in one frame: whether it is on here, and what happens when somebody calls.
// Must not know: where numbers are on a page, what one looks like.

"use strict";

{
  const { findNumbers, numberOfLink, makeButton, say, watch } = globalThis.deskring;
  const LINK = 'a[href^="tel:" i],a[href^="callto:" i]';
  /** The app answers at once; it asks and dials afterwards. */
  const PATIENCE_MS = 5000;

  /** Whether the extension that put this script here is still there. */
  const alive = () => Boolean(globalThis.chrome?.runtime?.id);

  let settings = { on: false, country: "", handover: "link" };
  let watching;

  async function apply() {
    if (!alive()) return;
    const before = settings;
    // Without an answer all stays as it is.
    settings = (await chrome.runtime.sendMessage({ type: "page" }).catch(() => undefined)) ?? before;
    if (watching && (!settings.on || settings.country !== before.country)) {
      watching.stop();
      watching = undefined;
    }
    if (settings.on && !watching) {
      const { country } = settings;
      watching = watch(
        (text, label) => findNumbers(text, country, label),
        (shown, found) => makeButton(shown, found, call),
        alive,
      );
    }
  }

  /** Hands a number over; gives the key of what is to be said, if anything. */
  async function call(number) {
    if (!alive() || settings.handover !== "app") return void (await open(`tel:${number}`));
    const { ok, code } = await ask(number);
    if (ok) return "said-handed-over";
    if (code !== "no-app" && code !== "not-running") return `problem-${code}`;
    await open(`tel:${number}`);
    return `problem-${code}`;
  }

  async function ask(number) {
    const silence = new Promise((done) => setTimeout(done, PATIENCE_MS, { ok: false, code: "silent" }));
    // A call that was perhaps taken is not handed over a second way: "silent" is said, and the person decides.
    const answer = chrome.runtime.sendMessage({ type: "dial", number }).catch(() => ({ ok: false, code: "no-app" }));
    return Promise.race([answer, silence]);
  }

  /** Follows a link as if it had been pressed; from a frame by the whole page, since frames may be forbidden to. */
  async function open(address) {
    if (window !== window.top && alive()) {
      const done = await chrome.runtime.sendMessage({ type: "open", address }).catch(() => undefined);
      if (done) return;
    }
    const link = document.createElement("a");
    link.href = address;
    link.click();
  }

  /** Links of the page keep their look; only the way of handing over is the chosen one. */
  async function pressed(event) {
    const { isTrusted, button, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (!watching || settings.handover !== "app" || !alive()) return;
    if (!isTrusted || button !== 0 || altKey || ctrlKey || metaKey || shiftKey) return;
    const link = event.composedPath().find((place) => place instanceof Element && place.matches(LINK));
    const number = link && numberOfLink(link.getAttribute("href"), settings.country);
    if (!number) return;
    event.preventDefault();
    const said = await call(number);
    if (said) say(link, said);
  }

  // This file may be put into a page again when a site is allowed; once is enough.
  if (!globalThis.deskring.alive) {
    globalThis.deskring.alive = alive;
    addEventListener("click", pressed, true);
    chrome.storage.onChanged.addListener(() => void apply());
    chrome.runtime.onMessage.addListener((message, _sender, answer) => {
      if (message.type === "open") {
        void open(message.address);
        answer(true);
      } else if (message.type === "count") {
        answer(watching?.count() ?? 0);
      }
    });
    void apply();
  }
}
