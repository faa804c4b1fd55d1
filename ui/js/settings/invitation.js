/**
 * The link of a gateway's administrator: asks whether to join that gateway, and joins it. Any page can open such a link,
 * so nothing is sent before a person has agreed to the address that is shown. Must not know how a certificate is
 * compared or a test is drawn.
 *
 * @typedef {import("../types.js").PbxTest} PbxTest
 * @typedef {import("../types.js").Fault} Fault
 */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, button, make, mark, say, words } from "./dom.js";
import { faultText } from "./fields.js";
import { fixOf } from "./fixes.js";
import { askForFile, card, note, worker } from "./forms.js";
import { drawWith, faultOf, load, valueOf, view } from "./model.js";

const LINK = /^deskring:(\/\/)?enroll\b/i;

/**
 * @param {object} telephone
 * @param {(answer: PbxTest, trust: (sha256: string) => Promise<void>) => Node[]} telephone.distrusted a certificate to
 *   be compared
 * @param {(extension: string, answer: PbxTest) => void} telephone.joined
 */
export function invitationCard({ distrusted, joined }) {
  const title = make("h2", { id: "invitation-title" });
  const warning = make("p", { words: "settings-invitation" });
  const instead = make("p", "help");
  const question = make("div", { role: "alert", class: "question" });
  const result = make("div", { class: "result", id: "invitation-result", "aria-live": "polite" });
  const connect = worker("settings-invitation-connect", () => join(null), {
    class: "button primary",
    id: "invitation-connect",
  });
  const later = button("settings-invitation-later", leave, { id: "invitation-later" });
  const node = card(null, title, warning, instead, question, result, make("div", "buttons", connect, later));
  mark(node, "id", "invitation");
  mark(node, "aria-labelledby", title.id);
  let seen = 0;
  /** Draws what came of the last try, in whatever language is spoken then. @type {() => Node[]} */
  let outcome = () => [];
  let drawn = "";

  drawWith(() => {
    const invitation = view()?.invitation ?? null;
    node.hidden = !invitation;
    if (!invitation) return;
    const gateway = clean(invitation.gateway).replace(/^https:\/\//, "");
    const text = gateway
      ? words.with("settings-invitation-title", { gateway })
      : words.text("settings-invitation-wrong-title");
    say(title, text);
    warning.hidden = connect.hidden = !gateway;
    const now = valueOf("pbx.url");
    say(instead, gateway && now ? words.with("settings-invitation-instead", { address: now }) : "");
    instead.hidden = !instead.textContent;
    if (invitation.id !== seen) {
      seen = invitation.id;
      question.replaceChildren();
      tell(() => (gateway ? [] : [refusal({ code: "invitation_wrong", detail: null })]));
      if (!node.checkVisibility()) location.hash = "#phone-system";
      node.scrollIntoView({ block: "nearest" });
      announce(text);
    } else if (drawn !== words.language) tell(outcome);
  });

  /** @param {() => Node[]} draw */
  function tell(draw) {
    outcome = draw;
    drawn = words.language;
    result.replaceChildren(...draw());
  }

  /** @param {?string} sha256 a certificate that was compared just now */
  async function join(sha256) {
    const by = { shown: seen };
    tell(() => []);
    say(connect, words.text("settings-invitation-connecting"));
    /** @param {boolean} file_permitted */
    const want = (file_permitted) =>
      backend.want({ want: "enroll", by, trusted_certificate: sha256, file_permitted });
    try {
      const answer = await want(false).catch(async (error) => {
        if (faultOf(error).code !== "consent_needed" || !(await askForFile(question, "invitation"))) throw error;
        return want(true);
      });
      if (answer.answer === "enrolled") {
        await load();
        joined(answer.extension, answer.test);
        announce(words.with("settings-invitation-done", { extension: answer.extension }));
      } else {
        tell(() => distrusted(answer, join));
      }
    } catch (error) {
      const fault = faultOf(error);
      tell(() => [refusal(fault)]);
    } finally {
      say(connect, words.text("settings-invitation-connect"));
    }
  }

  function leave() {
    backend.want({ want: "decline" }).catch((error) => tell(() => [refusal(faultOf(error))]));
  }

  return node;
}

/** @param {Fault} fault */
function refusal(fault) {
  const fix = fixOf("pbx", fault.code);
  const made = note("bad", make("p", { class: "strong cause" }, faultText(fault)), fix ? make("p", {}, fix) : null);
  made.dataset.cause = fault.code;
  return made;
}

/**
 * A link that is pasted where an address belongs is as good as one that was opened.
 *
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} input
 */
export function takeLinks(input) {
  input.addEventListener("input", () => {
    const link = input.value.trim();
    if (!LINK.test(link)) return;
    // The code in it is a secret, and no address.
    input.value = valueOf("pbx.url") ?? "";
    backend.want({ want: "invited", link }).catch((error) => announce(faultText(faultOf(error))));
  });
}
