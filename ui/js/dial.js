/**
 * Numbers that are to be called: the box to type one or a name into, and the line that asks, waits, or says why not.
 * What is dialed stands in the question, and nothing else is dialed for it. Must not know how a number is read.
 *
 * @typedef {import("./types.js").Dial} Dial
 * @typedef {import("./types.js").View} View
 * @typedef {import("./panel.js").Kit} Kit
 */
import { present } from "./backend.js";
import { button, byId, element } from "./dom.js";
import * as phrases from "./phrases.js";
import { suggesting } from "./suggest.js";

export class Dialing {
  #kit;
  #place = byId("dial");
  #input = /** @type {HTMLInputElement} */ (byId("dial-number"));
  #ahead;
  #drawn = "";
  #dialing = false;

  /** @param {Kit} kit */
  constructor(kit) {
    this.#kit = kit;
    const form = /** @type {HTMLFormElement} */ (byId("dial-box"));
    const use = { label: kit.words.text("dial-box"), purpose: /** @type {const} */ ("dial") };
    this.#ahead = suggesting(kit, this.#input, { ...use, pick: (number) => void this.#dial(number) });
    form.append(this.#ahead.drop);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#dial(this.#input.value.trim());
    });
    this.#input.addEventListener("keydown", (event) => {
      // With a list, this closes that first.
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !this.#input.value) return;
      event.preventDefault();
      this.#input.value = "";
      this.#ahead.close();
    });
    this.#place.addEventListener("keydown", (event) => {
      const close = /** @type {?HTMLElement} */ (this.#place.querySelector(".no"));
      if (event.key !== "Escape" || event.defaultPrevented || !close) return;
      event.preventDefault();
      close.click();
    });
  }

  /** @param {string} text */
  async #dial(text) {
    // Once, however often it is pressed.
    if (!text || this.#dialing) return;
    this.#dialing = true;
    this.#ahead.close();
    const taken = await this.#kit.ask({ want: "dial", text, by: { by: "person" } });
    this.#dialing = false;
    // What was refused stays to be corrected.
    if (taken) this.#input.value = "";
  }

  /** @param {View} view */
  draw({ dial, caller_shown }) {
    const { words } = this.#kit;
    const drawn = JSON.stringify([dial, caller_shown]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const had = this.#place.contains(document.activeElement);
    const isTyping = dial?.state === "typing";
    this.#place.hidden = !dial || isTyping;
    this.#place.replaceChildren();
    if (isTyping) this.#takeUp(dial);
    if (!dial || isTyping) {
      if (had) this.#input.focus();
      return;
    }
    this.#place.dataset.state = dial.state;
    const lines = phrases.dial(dial, caller_shown, words).map((text, at) => {
      const line = element("p", at === 0 ? "what" : "", text);
      line.dir = "auto";
      return line;
    });
    this.#place.append(...lines);
    const acts = this.#acts(dial);
    if (acts.childElementCount > 0) this.#place.append(acts);
    const first = /** @type {?HTMLElement} */ (acts.querySelector("button"));
    // It asks because somebody pressed something: the answer is one key away.
    if (dial.state === "asking" || had) first?.focus();
    this.#kit.announce(lines[0]?.textContent ?? "");
  }

  /** Somebody asked for the box, in the tray menu. @param {Dial} dial */
  async #takeUp({ id }) {
    const { view, send } = this.#kit;
    if (view()?.form) {
      // What was typed in it is kept; the next view is without it.
      this.#drawn = "";
      send("close_form");
      return;
    }
    await present().catch(() => {});
    this.#input.focus();
    this.#input.select();
    send({ dismiss_dial: { id } });
  }

  /** @param {Dial} dial */
  #acts({ id, state }) {
    const { words, send } = this.#kit;
    const acts = element("div", "acts");
    const no = (/** @type {string} */ key) => {
      const made = button("small no", words.text(key), () => send({ dismiss_dial: { id } }));
      acts.append(made);
    };
    if (state === "asking") {
      acts.append(button("small yes", words.text("dial-yes"), () => send({ confirm_dial: { id } })));
      no("dial-no");
    } else if (state === "waiting") no("dial-no");
    else if (state === "failed") no("dial-close");
    return acts;
  }
}
