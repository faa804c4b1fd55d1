// Owns the button beside a number: its look, its words, what a press looks like.
// Must not know: where numbers are, how a call is made.

"use strict";

{
  const TAG = "deskring-call";
  const SVG = "http://www.w3.org/2000/svg";
  // Lucide's "phone", as in the app.
  const PHONE =
    "M13.832 16.568a1 1 0 0 0 1.213-.303l.355-.465A2 2 0 0 1 17 15h3a2 2 0 0 1 2 2v3a2 2 0 0 1-2 2A18 18 0 0 1 2 4a2 2 0 0 1 2-2h3a2 2 0 0 1 2 2v3a2 2 0 0 1-.8 1.6l-.468.351a1 1 0 0 0-.292 1.233 14 14 0 0 0 6.392 6.384";

  // `!important` inside a shadow root wins over everything a page says of the host.
  const STYLE = `
    :host {
      all: initial !important;
      display: inline-block !important;
      font-size: inherit !important;
      line-height: 1 !important;
      vertical-align: baseline !important;
      color-scheme: inherit !important;
      -webkit-user-select: none !important;
      user-select: none !important;
    }
    @media print {
      :host { display: none !important; }
    }
    button {
      display: inline-flex;
      align-items: center;
      justify-content: center;
      box-sizing: border-box;
      width: max(1.5em, 20px);
      height: max(1.5em, 20px);
      margin: -0.35em 0.1em -0.35em 0.3em;
      padding: 0;
      border: 1px solid transparent;
      border-radius: 50%;
      vertical-align: baseline;
      font: inherit;
      color: light-dark(#1d4fae, #8db7ff);
      background: light-dark(#e8effc, #26344d);
      cursor: pointer;
      touch-action: manipulation;
      transition: background-color 120ms, color 120ms;
    }
    button:hover, button:active {
      color: light-dark(#ffffff, #0d1726);
      background: light-dark(#2560cf, #6ea3ff);
    }
    button:focus-visible {
      outline: 2px solid light-dark(#2560cf, #6ea3ff);
      outline-offset: 2px;
    }
    button[aria-disabled="true"] {
      cursor: default;
      opacity: 0.6;
    }
    svg {
      width: 62%;
      height: 62%;
      fill: none;
      stroke: currentColor;
      stroke-width: 2;
      stroke-linecap: round;
      stroke-linejoin: round;
      pointer-events: none;
    }
    [popover] {
      position: fixed;
      inset: auto;
      margin: 0;
      max-width: 280px;
      padding: 8px 12px;
      border: 1px solid light-dark(#8a94a1, #7c8794);
      border-radius: 6px;
      font: 13px/1.4 system-ui, sans-serif;
      color: light-dark(#1a2029, #eef1f5);
      background: light-dark(#ffffff, #25292f);
      box-shadow: 0 2px 8px rgb(20 30 50 / 20%);
    }
    @media (prefers-reduced-motion: reduce) {
      button { transition: none; }
    }
    @media (forced-colors: active) {
      button { border-color: ButtonText; }
      button:focus-visible { outline-color: Highlight; }
    }`;

  let sheet;
  /** One style sheet for all buttons; a page's content policy has no say in it. */
  function dress(root) {
    try {
      if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
      }
      root.adoptedStyleSheets = [sheet];
    } catch {
      // QUIRK(firefox): some versions refuse a sheet made by an extension.
      const style = document.createElement("style");
      style.textContent = STYLE;
      root.append(style);
    }
  }

  /** Names of messages have no hyphens, those of codes do. */
  const words = (key, ...values) =>
    globalThis.deskring.alive() ? chrome.i18n.getMessage(key.replaceAll("-", "_"), values) : "";

  function picture() {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", PHONE);
    svg.append(path);
    return svg;
  }

  // A press on the button is nobody else's: a row that opens when it is clicked stays closed.
  const OWN = ["click", "dblclick", "auxclick", "mousedown", "mouseup", "pointerdown", "pointerup", "touchstart", "touchend"];
  const KEYS = ["keydown", "keypress", "keyup"];

  /**
   * A button that calls a number.
   * @param {string} shown the number as the page writes it
   * @param {{ number: string, name: string }} found E.164, with `;ext=` when there is an extension; and without, as
   *   a person reads it
   * @param {(number: string) => Promise<string | undefined>} call gives the key of what is to be said, if anything
   * @returns {HTMLElement} the host; the page can take it out, but not look in
   */
  function makeButton(shown, { number, name }, call) {
    const host = document.createElement(TAG);
    const root = host.attachShadow({ mode: "closed" });
    dress(root);
    const button = document.createElement("button");
    button.type = "button";
    const [, digits] = number.split(";ext=");
    const label = words("call", digits ? `${name}, ${words("extension", digits)}` : name);
    button.setAttribute("aria-label", label);
    button.title = shown === name ? label : `${label}\n${shown}`;
    button.append(picture());
    root.append(button);

    for (const type of OWN) button.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
    for (const type of KEYS) {
      button.addEventListener(type, (event) => {
        if (event.key === "Enter" || event.key === " ") event.stopPropagation();
      });
    }
    button.addEventListener("click", async (event) => {
      // The number may stand in a link.
      event.preventDefault();
      const seen = button.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      // Only a person dials, and only what that person can see.
      if (!event.isTrusted || !seen || button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      // A double click is one call.
      const pause = new Promise((done) => setTimeout(done, 2000));
      try {
        const said = await call(number);
        if (said) say(button, said);
      } finally {
        await pause;
        button.removeAttribute("aria-disabled");
      }
    });
    return host;
  }

  let spoken;
  /**
   * Says something beside an element, in the top layer: no box of the page cuts it off.
   * @param {Element} element
   * @param {string} key of the words
   */
  function say(element, key) {
    spoken?.remove();
    const text = words(key) || words("problem-other");
    if (!text) return;
    const host = (spoken = document.createElement(TAG));
    const root = host.attachShadow({ mode: "closed" });
    dress(root);
    const note = document.createElement("div");
    note.setAttribute("popover", "manual");
    note.setAttribute("role", "status");
    root.append(note);
    document.documentElement.append(host);
    note.showPopover();
    // After it is there, so that it is read out.
    note.textContent = text;
    const [at, size] = [element.getBoundingClientRect(), note.getBoundingClientRect()];
    const below = at.bottom + 6 + size.height <= innerHeight;
    note.style.left = `${Math.max(4, Math.min(at.left, innerWidth - size.width - 4))}px`;
    note.style.top = `${below ? at.bottom + 6 : Math.max(4, at.top - 6 - size.height)}px`;
    setTimeout(() => host.remove(), 8000);
  }

  globalThis.deskring ??= {};
  Object.assign(globalThis.deskring, { TAG, makeButton, say });
}
