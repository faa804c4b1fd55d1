/** The frame: sections, which of them is shown, and what stands above them while there is no engine. */
import { byId } from "../dom.js";
import { LINK_SHAPES, linkState } from "../phrases.js";
import { button, make, mark, reshape, say, shape, words } from "./dom.js";
import { faultText } from "./fields.js";
import { refreshOnce } from "./agents.js";
import { changed, drawWith, load, model, view } from "./model.js";
import { deskStatus } from "./desk.js";
import * as setup from "./setup.js";

const FIRST = "phone-system";

/** @type {Map<string, HTMLElement>} */
const pages = new Map();
let shown = "";

/** @param {HTMLElement[]} all */
export function open(all) {
  for (const page of all) pages.set(page.dataset.page ?? "", page);
  byId("pages").replaceChildren(...all);
  addEventListener("hashchange", () => route("moved"));
  listenToPeople();
  drawWith(drawSidebar);
  drawWith(drawBanner);
}

/** Shows the page of the address. @param {"first" | "moved"} how */
export function route(how) {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const id = pages.has(wanted) ? wanted : FIRST;
  if (id === shown) return;
  shown = id;
  if (id === "setup") setup.enter();
  else setup.leave();
  for (const [name, page] of pages) page.hidden = name !== id;
  document.body.dataset.page = id;
  for (const link of document.querySelectorAll("[data-route]")) {
    mark(link, "aria-current", /** @type {HTMLElement} */ (link).dataset.route === id ? "page" : null);
  }
  if (id === "agents") refreshOnce();
  fold("closed");
  drawSidebar();
  // Some of it is drawn only where it is seen.
  changed();
  byId("content").scrollTo(0, 0);
  if (how === "moved") pages.get(id)?.querySelector("h1")?.focus({ preventScroll: true });
}

// Sections

function drawSidebar() {
  say(byId("sections-current"), words.text(`settings-nav-${shown || FIRST}`));
  document.title = `${words.text(`settings-nav-${shown || FIRST}`)} – ${words.text("app-name")}`;
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("nav [data-link]"))) {
    const which = /** @type {"pbx" | "desk"} */ (place.dataset.link);
    const link = view()?.[which];
    const state = which === "desk" && deskStatus() === "sign_in_needed" ? "stopped" : (link?.state ?? "not_set_up");
    reshape(/** @type {Element} */ (place.firstElementChild), LINK_SHAPES[state]);
    place.dataset.state = state;
    // Nothing to say of what nobody has set up.
    place.hidden = state === "not_set_up" || !link;
    place.title = link ? linkState(link, Date.now(), words) : "";
  }
}

/** @param {"open" | "closed"} how */
function fold(how) {
  const toggle = byId("sections-toggle");
  mark(toggle, "aria-expanded", String(how === "open"));
  byId("sidebar").dataset.sections = how;
}

// No engine

/** Where a person was typing when the engine went. @type {?HTMLElement} */
let typingIn = null;

function drawBanner() {
  const { stage } = model.stage;
  document.body.dataset.stage = stage;
  const work = /** @type {HTMLFieldSetElement} */ (byId("work"));
  const off = stage !== "connected" || model.settings === null;
  if (off !== work.disabled) {
    if (off && work.contains(document.activeElement)) typingIn = /** @type {HTMLElement} */ (document.activeElement);
    work.disabled = off;
    // Without a control to go to, the page itself is what the keyboard scrolls.
    byId("content").tabIndex = off ? 0 : -1;
    if (!off && typingIn?.isConnected) typingIn.focus({ preventScroll: true });
    if (!off) typingIn = null;
  }
  const [title, text, name] = /** @type {Record<string, string[]>} */ ({
    waiting: ["panel-waiting-title", "", "connecting"],
    gone: ["panel-gone-title", "settings-gone", "stopped"],
    other_version: ["panel-other-version-title", "panel-other-version", "stopped"],
    connected: model.fault ? ["settings-not-loaded", "", "down"] : ["", "", ""],
  })[stage] ?? ["", "", ""];
  const banner = byId("banner");
  const fault = stage === "connected" && model.fault ? faultText(model.fault) : "";
  const key = [title, fault, words.language].join(" ");
  if (banner.dataset.shown === key) return;
  banner.dataset.shown = key;
  banner.replaceChildren();
  if (!title) return;
  banner.append(
    make(
      "div",
      {
        class: "note",
        data: { tone: stage === "waiting" ? "info" : "warn", state: stage === "waiting" ? "connecting" : "" },
      },
      shape(name),
      make(
        "div",
        "text",
        make("p", { class: "strong", words: title }),
        text ? make("p", { words: text }) : null,
        fault ? make("p", {}, fault) : null,
      ),
      fault ? button("settings-again", load, { class: "button small" }) : null,
    ),
  );
}

// People

function listenToPeople() {
  const sidebar = byId("sidebar");
  byId("sections-toggle").addEventListener("click", () =>
    fold(sidebar.dataset.sections === "open" ? "closed" : "open"),
  );
  sidebar.addEventListener("keydown", (event) => {
    const links = /** @type {HTMLElement[]} */ ([...sidebar.querySelectorAll("[data-route]")]);
    const index = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (event.key === "Escape" && sidebar.dataset.sections === "open") {
      fold("closed");
      byId("sections-toggle").focus();
    } else if (step && index >= 0) {
      event.preventDefault();
      links[(index + step + links.length) % links.length].focus();
    }
  });
  sidebar.addEventListener("click", (event) => {
    // The page that is shown is chosen again: nothing changes but the list.
    if (/** @type {Element} */ (event.target).closest("[data-route]")) fold("closed");
  });
  // What the Tab key goes to must not lie under the bars that stay in sight.
  document.addEventListener("keyup", (event) => {
    const at = document.activeElement;
    if (event.key === "Tab" && at?.closest("#pages") && !at.closest(".bar, .setup")) at.scrollIntoView({ block: "nearest" });
  });
  // The window is an application's, not a page's; what is typed may be pasted.
  document.addEventListener("contextmenu", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("input, textarea, code, .mono"))) event.preventDefault();
  });
}
