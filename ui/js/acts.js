/**
 * What can be done with a call that is on: hanging up, holding, muting, sending it on. Where it is sent is typed in its
 * place, and stays there until it is sent. Must not know which legs that takes.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./panel.js").Kit} Kit
 */
import { button, element, inside, keyed, say } from "./dom.js";
import * as phrases from "./phrases.js";
import { suggesting } from "./suggest.js";

export function makeActs() {
  const acts = element("div", "controls", element("div", "acts"));
  acts.hidden = true;
  return acts;
}

/** @param {HTMLElement} place @param {Call} call @param {Kit} kit */
export function drawActs(place, call, kit) {
  const { words } = kit;
  place.hidden = call.acts.length === 0;
  const caller = phrases.caller(call, words);
  keyed(
    inside(place, ".acts"),
    call.acts,
    (act) => act,
    (act) => button(`small ${act}`, "", () => {}),
    (made, act) => {
      const text = words.ofCode("act", act === "mute" && call.muted ? "unmute" : act);
      say(made, text);
      made.dataset.act = act;
      made.setAttribute("aria-label", words.with("card-action", { action: text, caller }));
      made.onclick = () => (act === "transfer" ? transfer(place, call, kit) : perform(made, call, act, kit));
    },
  );
  // Nobody is there any more to be sent on.
  if (!call.acts.includes("transfer")) place.querySelector("form")?.remove();
}

/** Once, however often it is pressed. @param {HTMLElement} made @param {Call} call @param {string} act @param {Kit} kit @param {string} [number] */
async function perform(made, call, act, kit, number) {
  if (made.getAttribute("aria-busy") === "true") return false;
  made.setAttribute("aria-busy", "true");
  const done = await kit.ask({ want: "act", call: call.call, extension: call.extension, act, number: number ?? null });
  made.removeAttribute("aria-busy");
  return done;
}

/** @param {HTMLElement} place @param {Call} call @param {Kit} kit */
function transfer(place, call, kit) {
  const { words } = kit;
  const begun = /** @type {?HTMLInputElement} */ (place.querySelector("form input"));
  if (begun) {
    begun.focus();
    return;
  }
  const input = element("input");
  input.maxLength = 200;
  const label = words.text("transfer-to");
  const ahead = suggesting(kit, input, { label, purpose: "transfer", pick: (number) => void sendTo(number) });
  const send = element("button", "small send", words.text("transfer-send"));
  send.type = "submit";
  const leave = () => {
    form.remove();
    /** @type {?HTMLElement} */ (place.querySelector(".transfer"))?.focus();
  };
  const sendTo = async (/** @type {string} */ number) => {
    ahead.close();
    if (number && (await perform(send, call, "transfer", kit, number))) leave();
  };
  const cancel = button("small cancel", words.text("transfer-cancel"), leave);
  const form = element("form", "sending", input, send, cancel, ahead.drop);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendTo(input.value.trim());
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    leave();
  });
  place.append(form);
  input.focus();
}
