/**
 * What the window receives, as the engine's view gives it. Types only.
 *
 * @typedef {"not_set_up" | "disabled" | "connecting" | "up" | "down" | "stopped"} LinkState
 * @typedef {{state: LinkState, cause: ?string, detail: ?string, retry_at_ms: ?number, since_ms: number}} Link
 * @typedef {{kind: string, id: string, name: string, company: ?string, page: ?string}} CustomerRecord
 * @typedef {{state: string, records: CustomerRecord[], cause: ?string}} Who
 * @typedef {{code: string, count: ?number, extension: ?string, detail: ?string}} Why
 * @typedef {object} Call
 * @property {string} call
 * @property {string} extension
 * @property {?string} direction
 * @property {string} number
 * @property {string} number_text
 * @property {string} phase
 * @property {Who} who
 * @property {?string} path
 * @property {?string} did
 * @property {?string} outcome
 * @property {?string} outcome_detail
 * @property {Why} why
 * @property {?string} button_off
 * @property {number} began_ms
 * @property {?number} answered_ms
 * @property {?number} over_ms
 * @property {boolean} closed
 * @typedef {object} View
 * @property {string} version
 * @property {Link} pbx
 * @property {Link} desk
 * @property {string[]} extensions
 * @property {{mode: string, trigger: string, pause: ?{until_ms: ?number}}} popup
 * @property {Call[]} calls
 * @property {Call[]} recent
 * @property {{key: string, code: string}[]} problems
 * @typedef {{stage: "waiting" | "gone" | "other_version"} | {stage: "connected", view: View}} Stage
 */

export {};
