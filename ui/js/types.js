/**
 * What the window receives, as the engine's view gives it. Types only.
 *
 * @typedef {"not_set_up" | "disabled" | "connecting" | "up" | "down" | "stopped"} LinkState
 * @typedef {{state: LinkState, cause: ?string, detail: ?string, retry_at_ms: ?number, since_ms: number,
 *   address: ?string}} Link
 * @typedef {object} CustomerRecord
 * @property {string} kind
 * @property {string} id
 * @property {string} name
 * @property {?string} company
 * @property {?string} page
 * @property {?string} email
 * @property {?number} changed_ms
 * @typedef {{state: string, records: CustomerRecord[], cause: ?string}} Who
 * @typedef {{code: string, count: ?number, extension: ?string, detail: ?string}} Why
 * @typedef {object} Call
 * @property {string[]} acts
 * @property {boolean} muted
 * @property {string} call
 * @property {string} extension
 * @property {?string} direction
 * @property {string} number
 * @property {string} number_text
 * @property {string} phase
 * @property {Who} who
 * @property {?string} path
 * @property {?string} path_name
 * @property {?string} colleague
 * @property {?string} did
 * @property {?string} outcome
 * @property {?string} outcome_detail
 * @property {?string} failure
 * @property {Why} why
 * @property {?string} button_off
 * @property {number} began_ms
 * @property {?number} answered_ms
 * @property {?number} over_ms
 * @property {boolean} closed
 * @property {string} number_key
 * @property {?{among: number, earlier: boolean}} chosen
 * @property {?string} did_name
 * @property {boolean} can_create
 * @property {?Context} context
 * @property {?WrapUp} wrap_up
 * @property {{notice_ms: ?number, lookup_ms: ?number, tab_ms: ?number}} timing
 * @typedef {object} Context
 * @property {?{open: number, more: boolean, newest: ?string}} tickets
 * @property {number} today
 * @property {?{at_ms: number, direction: ?string, outcome: ?string}} last
 * @property {?{at_ms: number, extension: string, name: ?string, me: boolean}} spoke
 * @typedef {{asked: boolean, disposition: ?string, note: ?string}} WrapUp
 * @typedef {object} DraftLine
 * @property {string} key
 * @property {string} call
 * @property {string} extension
 * @property {string} kind
 * @property {string} number_text
 * @property {string} name
 * @property {number} at_ms
 * @typedef {object} Outbox
 * @property {number} pending
 * @property {number} wedged
 * @property {number} blocked
 * @property {OutboxRow[]} rows
 * @property {boolean} dry_run
 * @property {boolean} by_gateway
 * @property {?string} no_calls
 * @typedef {object} OutboxRow
 * @property {string} key
 * @property {string} kind
 * @property {string} state
 * @property {?string} reason
 * @property {?string} code
 * @property {{name: string, label: string, problem: string, kind?: string, choices?: string[]}[]} fields
 * @property {?string} name
 * @property {string} number_text
 * @property {?string} subject
 * @property {?string} description
 * @typedef {object} Dial
 * @property {number} id
 * @property {"typing" | "asking" | "waiting" | "dialing" | "failed"} state
 * @property {?string} reason
 * @property {?string} detail
 * @property {?string} failure
 * @property {string} shown
 * @property {string} number_text
 * @property {?string} name
 * @property {?string} ext
 * @property {?string} post_dial
 * @property {boolean} abroad
 * @property {"person" | "link" | "page" | "clipboard"} by
 * @property {?string} host
 * @typedef {object} View
 * @property {?Dial} dial
 * @property {string} version
 * @property {Link} pbx
 * @property {Link} desk
 * @property {string[]} extensions
 * @property {{mode: string, trigger: string, pause: ?{until_ms: ?number}}} popup
 * @property {Call[]} calls
 * @property {Call[]} recent
 * @property {number} missed
 * @property {Problem[]} problems
 * @property {Finding[]} findings
 * @property {"system" | "en" | "zh-CN"} language
 * @property {?SignIn} sign_in
 * @property {?{id: number, gateway: ?string}} invitation
 * @property {"name" | "masked_number" | "hidden"} caller_shown
 * @property {DraftLine[]} drafts
 * @property {?string} form
 * @property {string[]} dispositions
 * @property {Outbox} outbox
 * @property {{ state: string, cause: string | null, people: number, total: ?number, spent: number, budget: number }} index
 * @property {Sync} sync
 * @property {Shortcut} shortcut
 * @property {number} history
 * @typedef {{stage: "waiting" | "gone" | "other_version"} | {stage: "connected", view: View}} Stage
 *
 * What the small window asks for, as crates/engine/src/assist/wire.rs gives it.
 *
 * @typedef {object} Draft
 * @property {string} key
 * @property {string} call
 * @property {string} extension
 * @property {string} number
 * @property {"contact" | "account"} kind
 * @property {Record<string, string>} values
 * @property {?{id: ?string, name: string}} account
 * @property {boolean} sent
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} kind
 * @property {boolean} required
 * @property {?number} max_length
 * @property {string[]} choices
 * @typedef {object} Suggestion
 * @property {"extension" | "recent" | "contact" | "account"} kind
 * @property {?string} name
 * @property {?string} company
 * @property {string} number
 * @property {string} number_text
 * @typedef {{state: "off" | "not_asked" | "answered" | "failed", cause?: string}} DeskPart
 * @typedef {{kind: string, id: string, ticket: ?string, ticket_open: boolean, active_ms: ?number}} About_record
 *
 * What the settings window asks for, as crates/engine/src/admin/wire.rs gives it.
 *
 * @typedef {{key: string, code: string}} Problem
 * @typedef {{code: string, detail: ?string}} Fault
 * @typedef {{state: "waiting", address: string, until_ms: number} | {state: "done"}
 *   | {state: "failed", cause: string, detail: ?string}} SignIn
 * @typedef {string | number | boolean | null | string[] | Binding[]} Value
 * @typedef {Record<string, Value>} Changes
 * @typedef {"keychain" | "file" | "environment"} Place
 * @typedef {"pbx_client_secret" | "desk_client_secret" | "desk_refresh_token"} SecretName
 * @typedef {object} Settings
 * @property {any} settings
 * @property {string[]} locked
 * @property {?string} policy
 * @property {Problem[]} problems
 * @property {Problem[]} refused
 * @property {Record<SecretName, ?Place>} secrets
 * @property {?string} secrets_fault
 * @property {string} home_page
 * @property {string} redirect
 * @property {string} profile
 * @typedef {"on" | "off" | "unknown"} Switch
 * @typedef {object} Certificate
 * @property {string} sha256
 * @property {?string} subject
 * @property {?string} issuer
 * @property {?number} not_before_ms
 * @property {?number} not_after_ms
 * @property {string} reason
 * @typedef {object} PbxTest
 * @property {number} took_ms
 * @property {?string} model
 * @property {?string} firmware
 * @property {Extension[]} extensions
 * @property {string[]} missing
 * @property {Switch} extension_monitor
 * @property {Switch} trunk_monitor
 * @property {?string} cause
 * @property {?string} detail
 * @property {?number} tries_left
 * @property {?Certificate} certificate
 * @property {?string} expected_certificate
 * @property {Site[]} sites
 * @typedef {{address: string, serves: boolean, cause: ?string, certificate: ?Certificate,
 *   expected_certificate: ?string}} Site
 * @typedef {{number: string, name: ?string, email: ?string}} Extension
 * @typedef {{id: string, name: string, email: ?string, extn: ?string}} Agent
 * @typedef {{extension: string, agent_id: string}} Binding
 * @typedef {{id: string, name: string, first: boolean}} Choice
 * @typedef {{organizations: Choice[], departments: Choice[], me: ?Agent, edition: ?string}} Choices
 * @typedef {object} Directory
 * @property {Agent[]} agents
 * @property {?string} agents_cause
 * @property {Extension[]} extensions
 * @property {?string} extensions_cause
 * @property {Binding[]} bindings
 * @property {?string} me
 * @property {?string} proposed_extension
 * @typedef {"ok" | "skipped" | "warn" | "fail"} FindingState
 * @typedef {{check: string, state: FindingState, code: string, values: Record<string, string>}} Finding
 * @typedef {{tel: "ours" | "elsewhere" | "nobody" | "unknown", program: ?string, candidate: boolean, page: boolean,
 *   command: ?string}} Links
 * @typedef {{browser: "chromium" | "chrome" | "edge" | "firefox", host: "user" | "system" | "elsewhere" | "no",
 *   program: ?string}} BrowserHost
 * @typedef {{keys: ?string, state: "off" | "waiting" | "on" | "taken" | "unusable" | "wayland"}} Shortcut
 * @typedef {{code: string, line: number, column: number, written: string, suggestion: ?string}} Flaw
 * @typedef {{flaws: Flaw[], preview: string, of: "last_call" | "example"}} Trial
 * @typedef {{digits: string, shown: string, internal: boolean, abroad: boolean, understood: boolean, caution: ?string}}
 *   DialTrial
 * @typedef {{dial: ?DialTrial, fault: ?string, withheld: boolean, international: ?string, written: string,
 *   mobile: boolean, forms: string[]}} NumberTrial
 * @typedef {{kind: string, id: string, name: string, account: ?string}} LabRecord
 * @typedef {object} LabHit
 * @property {string} kind
 * @property {string} id
 * @property {string} name
 * @property {?string} account
 * @property {string[]} sources
 * @property {{field: string, stored: string,
 *   numbers: {text: string, means: ?string, same: boolean, why: string}[]}[]} fields
 * @property {boolean} counts
 * @property {string} why
 * @typedef {object} Explanation
 * @property {boolean} withheld
 * @property {?string} e164
 * @property {{text: string, steps: {code: string, value: string}[], means: ?string, verdict: string}[]} readings
 * @property {{step: number, kind: string, field: string, texts: string[], target: string, state: string, hits: ?number,
 *   cause: ?string}[]} searches
 * @property {?string} cause
 * @property {number} spent
 * @property {number} most_credits
 * @property {boolean} always_query
 * @property {?number} alike
 * @property {?LabRecord[]} kept
 * @property {?LabRecord} choice
 * @property {LabHit[]} hits
 * @property {number} others
 * @property {{code: string, by: ?string, record: ?LabRecord, rule: ?string, count: number}} decision
 * @typedef {{all: number, matched_before: number, matched_after: number, ambiguous_before: number,
 *   ambiguous_after: number, gained: number, lost: number, newly_ambiguous: number, others: number}} LabCounts
 * @typedef {{number: string, calls: number, change: string, means_before: ?string, means_after: ?string,
 *   before: LabRecord[], after: LabRecord[]}} LabChange
 * @typedef {object} WhatIf
 * @property {number} numbers
 * @property {"index" | "desk" | "nobody"} source
 * @property {?number} people
 * @property {number} most_credits
 * @property {{until_ms: number, done: number, tally: {numbers: LabCounts, calls: LabCounts}}} place
 * @property {boolean} more
 * @property {LabChange[]} rows
 * @typedef {{version: string, logs: string, profile: string, desktop: string}} About
 */

/**
 * @typedef {object} Sync copying contacts to the phonebook of the PBX
 * @property {string} state empty while it is switched off
 * @property {string | null} cause
 * @property {string | null} phonebook
 * @property {string | null} round
 * @property {string | null} step
 * @property {number} copied
 * @property {number} same
 * @property {number} skipped
 * @property {number} failed
 * @property {?number} total
 * @property {number | null} per_minute
 * @property {number} waiting
 * @property {number | null} credits_left
 */

export {};
