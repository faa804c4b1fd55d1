/** What a person can do about a cause, in words. */
import { words } from "./dom.js";

/** Of Zoho Desk these say only that the way there is not free. */
const NETWORK = ["name_not_found", "refused", "timed_out", "unreachable", "tls"];
/** Their advice is about the PBX. */
const OF_PBX = ["malformed", "not_found", "credentials", "handshake"];

/**
 * @param {"pbx" | "desk"} side
 * @param {string} cause
 * @param {{tries?: number}} [values] how many tries are left, when that is known
 * @returns {string} nothing when there is nothing to say
 */
export function fixOf(side, cause, { tries = -1 } = {}) {
  if (side === "desk" && NETWORK.includes(cause)) return words.text("settings-fix-way-to-zoho");
  if (side === "desk" && OF_PBX.includes(cause)) return "";
  const text = words.ofCode("settings-fix", cause, { tries });
  return text === cause ? "" : text;
}
