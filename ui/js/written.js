/**
 * What of a call is in Zoho Desk, will be, or would be in a dry run: a part of an open row of the history. Reads it when
 * the row opens and when something has changed since. Must not know how an entry is sent.
 *
 * @typedef {import("./types.js").Call} Call
 * @typedef {import("./types.js").OutboxRow} OutboxRow
 * @typedef {import("./types.js").View} View
 * @typedef {import("./panel.js").Kit} Kit
 */
import { element } from "./dom.js";
import * as phrases from "./phrases.js";

/** More than a call ever owes. */
const MOST = 20;

export class Written {
  #kit;
  /** The call that was asked about last. */
  #call = "";
  /** @type {OutboxRow[]} */
  #rows = [];
  /** For which state of things that was. */
  #asked = "";

  /** @param {Kit} kit */
  constructor(kit) {
    this.#kit = kit;
  }

  /** What is known of a call; asks for it where that is older than the view. @param {Call} call @param {View} view */
  of(call, view) {
    const { outbox, history } = view;
    const question = JSON.stringify([call.call, history, outbox.pending, outbox.wedged, outbox.blocked]);
    if (question !== this.#asked) {
      this.#asked = question;
      this.#ask(call.call, question);
    }
    return call.call === this.#call ? this.#rows : [];
  }

  /** @param {string} call @param {string} question */
  async #ask(call, question) {
    const ask = { act: "list", call, limit: MOST };
    const answer = await this.#kit.assist({ want: "outbox", ask }).catch(() => null);
    if (question !== this.#asked || !answer) return;
    this.#call = call;
    // In the order in which they are written.
    this.#rows = answer.rows.reverse();
    this.#kit.redraw();
  }

  /** @param {OutboxRow[]} rows */
  draw(rows) {
    const { words } = this.#kit;
    const list = element("ul", "", ...rows.map((row) => this.#line(row)));
    const dry = rows.every(({ state }) => state === "dry");
    const title = words.text(dry ? "written-title-dry" : "written-title");
    const section = element("section", "written", element("h3", "", title), list);
    section.setAttribute("aria-label", title);
    return section;
  }

  /** @param {OutboxRow} row */
  #line(row) {
    const { words } = this.#kit;
    const kind = words.ofCode("written-kind", words.hasCode("written-kind", row.kind) ? row.kind : "other");
    const state = words.ofCode("outbox-state", row.state);
    const line = element("li", "", element("span", "what", words.with("written-line", { kind, state })));
    line.dataset.kind = row.kind;
    line.dataset.state = row.state;
    const said = ["wedged", "discarded", "unknown"].includes(row.state) ? phrases.unwrittenWhy(row, words) : "";
    for (const [name, text] of [
      ["reason", said],
      ["subject", phrases.clean(row.subject)],
      ["text", row.description ?? ""],
    ]) {
      if (!text) continue;
      const part = element("p", name, text);
      part.dir = "auto";
      line.append(part);
    }
    return line;
  }
}
