// The control page: shows the simulator's state and sends what is clicked. Data is only ever text content.
import { words } from "/words.js";
import { groups, scenarios } from "/switches.js";

const $ = (id) => document.getElementById(id);
const MOST_LINES = 400;
let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
let state = null;
let lines = [];
let paused = false;
let writesShown = -1;

const word = (key) => words[language][key] ?? words.en[key] ?? key;

function element(name, properties = {}, ...children) {
  const { dataset, attributes, ...plain } = properties;
  const made = Object.assign(document.createElement(name), plain);
  Object.assign(made.dataset, dataset ?? {});
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

async function send(path, body, method = "POST") {
  try {
    const answer = await fetch(`/control/${path}`, {
      method, headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}),
    });
    const read = await answer.json();
    $("message").textContent = answer.ok ? "" : `${word("failed")} ${read.error}`;
    return answer.ok ? read : null;
  } catch (error) {
    $("message").textContent = `${word("failed")} ${error.message}`;
    return null;
  }
}

// ── Words ──────────────────────────────────────────────────────────────────────────────────────────────

function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = word("title");
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  $("language").textContent = language === "zh" ? "English" : "中文";
  $("language").lang = language === "zh" ? "en" : "zh-CN";
  buildGroups();
  if (state) draw();
  drawLog();
}

$("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  chosen.clear();
  writesShown = -1;
  translate();
});

// ── State ──────────────────────────────────────────────────────────────────────────────────────────────

// Redrawing replaces nodes; what has the focus or is being typed must survive it.
const chosen = new Map();

function options(select, groupsOfOptions) {
  const wanted = JSON.stringify(groupsOfOptions);
  if (chosen.get(select.id) === wanted) return;
  chosen.set(select.id, wanted);
  const before = select.value;
  select.replaceChildren(...groupsOfOptions.map(([label, rows]) =>
    element("optgroup", { label }, ...rows.map(([value, text]) => element("option", { value, textContent: text })))));
  if ([...select.options].some((option) => option.value === before)) select.value = before;
}

function draw() {
  const { pbx, desk, calls } = state;
  const byNumber = Map.groupBy ? Map.groupBy(desk.people, (one) => one.number) : new Map();
  const people = desk.people.map((one) => {
    const twice = (byNumber.get(one.number)?.length ?? 1) > 1 ? ` · ${word("twice")}` : "";
    return [one.number, `${one.name} · ${one.number}${twice}`];
  });
  const special = [["+12125550188", `${word("unknown")} · +12125550188`], ["anonymous", word("anonymous")],
    ["typed", word("typedChoice")]];
  options($("caller"), people.length ? [[word("known"), people], [word("special"), special]] : [[word("special"), special]]);
  const named = (rows) => rows.map((row) => [row.number, `${row.number} · ${row.name}`]);
  options($("destination"), [[word("extension"), named(pbx.extensions)], [word("queue"), named(pbx.queues)],
    [word("group"), named(pbx.ring_groups)], [word("ivr"), named(pbx.ivrs)]]);
  options($("out-from"), [[word("extension"), named(pbx.extensions)]]);
  const plays = scenarios.map(([name, english, chinese]) => [name, language === "zh" ? chinese : english]);
  options($("scenario-name"), [[word("scenario"), plays]]);
  options($("agent"), [[word("extension"), named(pbx.extensions)]]);
  showTyped();
  drawFacts();
  drawCalls(calls);
  drawSwitches();
  if (desk.writes !== writesShown) drawWrites();
}

function drawFacts() {
  const { pbx, desk, urls } = state;
  const fact = (name, value, good = true) =>
    element("li", { className: good ? "" : "off" }, `${name} `, element("b", { textContent: value }));
  const door = (open) => word(open ? "open" : "closed");
  const facts = [
    fact(`PBX ${new URL(urls.pbx).host}`, pbx.blocked ? word("blocked") : door(pbx.open), pbx.open && !pbx.blocked),
    fact(word("sockets"), `${pbx.subscribed}/${pbx.sockets}`, pbx.sockets > 0),
    fact(word("tokens"), `${pbx.tokens}/${pbx.switches.max_tokens}`),
    fact(word("framesSent"), pbx.frames_sent),
    fact(`Desk ${new URL(urls.desk).host}`, door(desk.open), desk.open),
    fact(word("searches"), desk.searches), fact(word("credits"), desk.switches.credits_left),
    fact(word("atOnce"), desk.most_in_flight),
  ];
  if (desk.planned_faults) facts.push(fact(word("planned"), desk.planned_faults, false));
  if (pbx.muted !== "nothing") facts.push(fact("mute", pbx.muted, false));
  $("facts").replaceChildren(...facts);
}

function drawCalls(calls) {
  const list = $("call-list");
  $("no-calls").hidden = calls.length > 0;
  const known = new Map([...list.children].map((item) => [item.dataset.id, item]));
  for (const [id, item] of known) {
    if (!calls.some((call) => call.id === id)) item.remove();
  }
  for (const call of calls) {
    const drawn = JSON.stringify([call, language, $("agent").value, calls.some((other) => other.consults === call.id)]);
    const old = known.get(call.id);
    if (old?.dataset.drawn === drawn) continue;
    const focus = old?.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    const typed = old?.querySelector("input")?.value;
    const item = callItem(call, typed);
    item.dataset.drawn = drawn;
    if (old) old.replaceWith(item); else list.append(item);
    if (focus) item.querySelector(`[data-act="${focus}"]`)?.focus();
  }
}

const party = (one, call) =>
  one.extension ?? (call.direction === "outbound" ? call.to : call.from);

function callItem(call, typed) {
  const direction = { inbound: "inbound", outbound: "outboundShort", internal: "internal" }[call.direction];
  const via = call.group && call.group !== call.to ? ` · ${call.group}` : "";
  const item = element("li", { dataset: { id: call.id } },
    element("div", { className: "call-title" }, `${word(direction)}: `, element("bdi", { textContent: call.from }),
      " → ", element("bdi", { textContent: call.to }), via),
    element("div", { className: "call-id", textContent: call.id }),
    element("ul", { className: "parties" }, ...call.parties.map((one) =>
      element("li", { className: one.status }, element("bdi", { textContent: party(one, call) }), ` ${one.status}`))));
  const mine = $("agent").value;
  const act = (label, name, body, className = "") =>
    element("button", { type: "button", className, textContent: label, dataset: { act: label },
      onclick: () => send(`calls/${encodeURIComponent(call.id)}/${name}`, body) });
  const me = call.parties.find((one) => one.extension === mine && one.status !== "BYE");
  const rings = me && ["RING", "EARLYMEDIA"].includes(me.status);
  const held = call.parties.some((one) => one.status === "HOLD");
  const talks = me && ["ANSWER", "ANSWERED", "HOLD"].includes(me.status);
  const asksBack = state.calls.some((other) => other.consults === call.id);
  const outside = call.parties.find((one) => one.trunk && one.status !== "BYE");
  const buttons = element("div", { className: "buttons" });
  if (rings) buttons.append(act(`${word("answer")} (${mine})`, "answer", { extension: mine }));
  if (rings) buttons.append(act(word("stopRinging"), "stop-ringing", { extension: mine }));
  const rung = call.parties.some((one) => one.status === "RING");
  if (!me && rung && call.direction === "inbound") buttons.append(act(`${word("pickup")} (${mine})`, "pickup", { by: mine }));
  if (talks && !held) buttons.append(act(word("hold"), "hold", { extension: mine }));
  if (talks && held) buttons.append(act(word("resume"), "resume", { extension: mine }));
  if (call.direction === "outbound") {
    if (!outside) buttons.append(act(word("remoteRing"), "remote-ring", {}));
    if (!outside || !["ANSWER", "HOLD"].includes(outside.status)) {
      buttons.append(act(word("remoteAnswer"), "remote-answer", {}), act(word("remoteFails"), "remote-fails", {}));
    }
  }
  if (call.direction === "inbound" && rung) {
    buttons.append(act(word("voicemail"), "voicemail", {}));
  }
  if (me) buttons.append(act(word("hangAgent"), "hangup", { who: mine }, "stop"));
  buttons.append(act(word("hangCaller"), "hangup", { who: "caller" }, "stop"));
  item.append(buttons);
  if (rings || talks) {
    const to = element("input", { value: typed ?? "1002", size: 6, dataset: { act: "to" },
      attributes: { "aria-label": word("target"), autocomplete: "off" } });
    const row = element("div", { className: "target" }, to);
    const later = (label, name, body) => element("button", { type: "button", textContent: label,
      dataset: { act: label }, onclick: () => send(`calls/${encodeURIComponent(call.id)}/${name}`, body(to.value)) });
    if (rings) row.append(later(word("forward"), "forward", (number) => ({ from: mine, to: number })));
    if (talks) {
      row.append(later(word("transfer"), "transfer", (number) => ({ by: mine, to: number })),
        later(word("consult"), "transfer", (number) => ({ by: mine, to: number, type: "attended" })));
      if (asksBack) row.append(later(word("complete"), "complete-transfer", () => ({ by: mine })));
    }
    item.append(row);
  }
  return item;
}

async function drawWrites() {
  writesShown = state.desk.writes;
  $("write-count").textContent = writesShown;
  const answer = await fetch("/control/writes");
  const writes = (await answer.json()).slice(-100).reverse();
  $("writes").replaceChildren(...writes.map((write) => element("li", { className: "desk" },
    element("time", { textContent: clock(write.at) }), element("span", { className: "tag", textContent: write.module }),
    element("span", { className: "what",
      textContent: `${write.method} ${write.path}${write.answer_lost ? ` (${word("lost")})` : ""}\n${JSON.stringify(write.body)}` }))));
}

// ── Switches ───────────────────────────────────────────────────────────────────────────────────────────

const fields = [];

function say(value) {
  if (typeof value === "string") return value.replaceAll("_", " ");
  if (typeof value !== "object") return String(value);
  const [name, detail] = Object.entries(value)[0];
  return `${name.replaceAll("_", " ")} ${typeof detail === "object" ? Object.values(detail)[0] : detail}`;
}

function buildGroups() {
  const open = new Set([...document.querySelectorAll("#groups details[open]")].map((one) => one.dataset.group));
  if (!$("groups").children.length) open.add("pbxActions").add("deskActions");
  fields.length = 0;
  $("groups").replaceChildren(...groups.map((group) => {
    const rows = element("div", { className: "rows" });
    if (group.buttons) {
      rows.append(element("div", { className: "buttons" }, ...group.buttons.map(([path, english, chinese, body]) =>
        element("button", { type: "button", textContent: language === "zh" ? chinese : english,
          onclick: () => send(path, body) }))));
    }
    if (group.faults) rows.append(...faultRows(group.faults));
    for (const control of group.controls ?? []) rows.append(...switchRow(group.side, control));
    return element("details", { open: open.has(group.word), dataset: { group: group.word } },
      element("summary", { textContent: word(group.word) }), rows);
  }));
}

function faultRows(faults) {
  const count = element("input", { id: "fault-count", type: "number", min: 1, value: 1 });
  const kind = element("select", { id: "fault-kind" }, ...faults.map((fault) =>
    element("option", { value: JSON.stringify(fault), textContent: say(fault) })));
  const plan = element("button", { type: "button", textContent: word("plan"),
    onclick: () => send("desk/faults", { count: Number(count.value), fault: JSON.parse(kind.value) }) });
  return [element("label", { htmlFor: "fault-count", textContent: word("nextRequests") }), count,
    element("label", { htmlFor: "fault-kind", textContent: word("faultKind") }), kind,
    element("div", { className: "buttons" }, plan)];
}

function switchRow(side, [key, english, chinese, kind]) {
  const id = `${side}-${key}`;
  const label = element("label", { htmlFor: id, textContent: language === "zh" ? chinese : english });
  let input;
  if (Array.isArray(kind)) {
    input = element("select", { id }, ...kind.map((value) =>
      element("option", { value: JSON.stringify(value), textContent: say(value) })));
  } else if (kind === "yes") {
    input = element("input", { id, type: "checkbox" });
  } else {
    input = element("input", { id, type: kind === "text" ? "text" : "number", min: 0,
      placeholder: kind === "optional" || kind === "text" ? word("none") : "" });
  }
  input.addEventListener("change", () => send(`${side}/switches`, { [key]: read(input, kind) }, "PATCH"));
  fields.push({ side, key, kind, input, label });
  return [label, input];
}

function read(input, kind) {
  if (Array.isArray(kind)) return JSON.parse(input.value);
  if (kind === "yes") return input.checked;
  if (kind === "text") return input.value || null;
  if (kind === "optional") return input.value === "" ? null : Number(input.value);
  return Number(input.value);
}

const firstSeen = new Map();

function drawSwitches() {
  for (const { side, key, kind, input, label } of fields) {
    const value = state[side].switches[key];
    const text = JSON.stringify(value);
    if (!firstSeen.has(`${side}.${key}`)) firstSeen.set(`${side}.${key}`, text);
    label.classList.toggle("changed", key !== "credits_left" && firstSeen.get(`${side}.${key}`) !== text);
    if (document.activeElement === input && kind !== "yes" && !Array.isArray(kind)) continue;
    if (kind === "yes") input.checked = value;
    else if (Array.isArray(kind)) input.value = text;
    else input.value = value ?? "";
  }
}

// ── Log ────────────────────────────────────────────────────────────────────────────────────────────────

const clock = (time) => {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString("en-GB");
};

// One readable line for a frame: who is in which state.
function describe(text) {
  try {
    const frame = JSON.parse(text);
    const msg = typeof frame.msg === "string" ? JSON.parse(frame.msg) : frame.msg;
    const members = (msg.members ?? []).map((member) => {
      const [kind, leg] = Object.entries(member)[0];
      const name = kind === "extension" ? leg.number : kind === "inbound" ? `in ${leg.from}` : `out ${leg.to}`;
      return `${name} ${leg.member_status}`;
    });
    const rest = ["extension", "status", "reason", "call_from", "call_to", "talk_duration"]
      .filter((key) => msg[key] !== undefined).map((key) => `${key} ${msg[key]}`);
    return [msg.call_id, members.join(", "), rest.join(", ")].filter(Boolean).join(" · ");
  } catch {
    return text;
  }
}

function lineItem(line) {
  if (line.what === "frame") {
    return element("li", { className: "frame", title: line.text }, element("time", { textContent: clock(line.at) }),
      element("span", { className: "tag", textContent: line.kind || "raw" }),
      element("span", { className: "what", textContent: describe(line.text) }));
  }
  if (line.what === "note") {
    return element("li", { className: "frame" }, element("time", { textContent: clock(line.at) }),
      element("span", { className: "tag", textContent: line.side }),
      element("span", { className: "what", textContent: line.text }));
  }
  const query = line.query ? `?${decodeURIComponent(line.query.replaceAll("+", " "))}` : "";
  const bad = line.outcome || (line.status ?? 0) >= 400;
  const end = `→ ${line.status ?? "—"}${line.outcome ? ` ${line.outcome}` : ""}`;
  const body = line.body && line.method !== "GET" && line.side === "desk" ? `\n${line.body}` : "";
  return element("li", { className: `${line.side}${bad ? " bad" : ""}` }, element("time", { textContent: clock(line.at) }),
    element("span", { className: "tag", textContent: line.side }),
    element("span", { className: "what", textContent: `${line.method} ${line.path}${query} ${end}${body}` }));
}

function shown(line) {
  const filter = $("filter").value;
  if (filter === "all") return true;
  if (filter === "frame") return line.what === "frame" || line.what === "note";
  return line.what === "request" && (filter === "pbx" ? line.side === "pbx" : line.side !== "pbx");
}

function safeItem(line) {
  try {
    return lineItem(line);
  } catch {
    return element("li", {}, element("span", { textContent: JSON.stringify(line) }));
  }
}

function drawLog() {
  $("log").replaceChildren(...lines.filter(shown).map(safeItem));
  $("log").scrollTop = $("log").scrollHeight;
}

function add(line) {
  lines.push(line);
  if (lines.length > MOST_LINES) lines.shift();
  if (paused || !shown(line)) return;
  const log = $("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(safeItem(line));
  while (log.children.length > MOST_LINES) log.firstChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

$("filter").addEventListener("change", drawLog);
$("clear").addEventListener("click", () => { lines = []; drawLog(); });
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  if (!paused) drawLog();
});

// ── Forms ──────────────────────────────────────────────────────────────────────────────────────────────

function showTyped() {
  const typed = $("caller").value === "typed";
  $("typed").hidden = !typed;
  document.querySelector('label[for="typed"]').hidden = !typed;
}

$("caller").addEventListener("change", () => {
  showTyped();
  if ($("caller").value === "typed") $("typed").focus();
});
$("agent").addEventListener("change", () => state && drawCalls(state.calls));
$("inbound").addEventListener("submit", (event) => {
  event.preventDefault();
  const from = $("caller").value === "typed" ? $("typed").value.trim() || "+12125550188" : $("caller").value;
  send("calls", { direction: "inbound", from, to: $("destination").value });
});
$("scenario").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = { typed: $("typed").value.trim() || "+12125550188" }[$("caller").value] ?? $("caller").value;
  send(`scenarios/${$("scenario-name").value}`, { number });
});
$("outbound").addEventListener("submit", (event) => {
  event.preventDefault();
  const direction = event.submitter?.value ?? "outbound";
  send("calls", { direction, from: $("out-from").value, to: $("out-to").value.trim() });
});

// ── Life ───────────────────────────────────────────────────────────────────────────────────────────────

let asking = false;
let again = false;

// Many changes in a moment ask once.
async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    state = await (await fetch("/control/state")).json();
    draw();
  } catch {
    // The event source says when the simulator is back.
  }
  setTimeout(() => { asking = false; if (again) { again = false; refresh(); } }, 100);
}

async function start() {
  lines = await (await fetch("/control/lines")).json();
  lines = lines.slice(-MOST_LINES);
  translate();
  await refresh();
  const events = new EventSource("/control/events");
  events.addEventListener("line", (event) => add(JSON.parse(event.data)));
  events.addEventListener("state", refresh);
  events.addEventListener("open", () => { if ($("message").textContent === word("gone")) $("message").textContent = ""; refresh(); });
  events.addEventListener("error", () => { $("message").textContent = word("gone"); });
}

start();
