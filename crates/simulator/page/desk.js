// Shows the record named in the address (#Contacts/dv/<id>). Records hold what callers typed: text only.
const $ = (id) => document.getElementById(id);

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const title = (record) =>
  [record.firstName, record.lastName].filter(Boolean).join(" ") || record.accountName || record.subject || record.id;

function facts(pairs) {
  return pairs.filter(([, value]) => value).flatMap(([name, value]) =>
    [element("dt", { textContent: name }), element("dd", {}, element("bdi", { textContent: value }))]);
}

function list(name, rows, tab) {
  if (!rows?.length) return [];
  return [element("h2", { textContent: `${name} (${rows.length})` }), element("ul", {}, ...rows.map((row) =>
    element("li", {}, element("a", { href: `#${tab}/dv/${row.id}`, textContent: title(row) }),
      element("span", { textContent: [row.ticketNumber && `#${row.ticketNumber}`, row.status, row.direction].filter(Boolean).join(" · ") }))))];
}

async function show() {
  const id = /\/dv\/(\d+)$/.exec(location.hash)?.[1];
  const answer = id ? await fetch(`/simulator/record/${id}`) : null;
  if (!answer?.ok) {
    $("kind").textContent = "";
    $("name").textContent = "This record does not exist.";
    $("facts").replaceChildren();
    $("lists").replaceChildren();
    return;
  }
  const { module, record, account, contact, tickets, calls, contacts, comments } = await answer.json();
  document.title = `${title(record)} · Simulated Desk`;
  $("kind").textContent = module.replace(/s$/, "");
  $("name").replaceChildren(element("bdi", { textContent: title(record) }));
  $("facts").replaceChildren(...facts([
    ["Phone", record.phone], ["Mobile", record.mobile], ["E-mail", record.email], ["Title", record.title],
    ["Account", account && title(account)], ["Contact", contact && title(contact)], ["Status", record.status],
    ["Priority", record.priority], ["Direction", record.direction], ["Start", record.startTime],
    ["Duration", module === "calls" ? `${record.duration} s` : ""], ["Description", record.description],
    ["Created", record.createdTime], ["Id", record.id],
  ]));
  $("lists").replaceChildren(...list("Contacts", contacts, "Contacts"), ...list("Tickets", tickets, "Cases"),
    ...list("Calls", calls, "Calls"), ...(comments?.length ? [element("h2", { textContent: "Comments" }),
      element("ul", {}, ...comments.map((one) => element("li", { textContent: one.content })))] : []));
}

addEventListener("hashchange", show);
show();
