/** Language, start at login, folders, version, taking settings elsewhere. */
import * as backend from "../backend.js";
import { clean } from "../phrases.js";
import { announce, button, make, say, words } from "./dom.js";
import { choice, faultText, field, problemText, toggle } from "./fields.js";
import { card, help, note, page, worker } from "./forms.js";
import { drawWith, faultOf, model, take } from "./model.js";

/** Far above any settings. */
const LARGEST_BYTES = 1_000_000;

/** @type {?import("../types.js").About} */
let about = null;
const version = make("span");
const logs = make("code", "path");
const profile = make("code", "path");
drawWith(() => {
  say(version, about ? clean(about.version) : "");
  say(logs, about ? clean(about.logs) : "");
  say(profile, clean(about?.profile ?? model.settings?.profile));
});

/** @param {import("../types.js").About} known */
export function know(known) {
  about = known;
}

/** @param {string} key of words @param {Node} value @param {Node} [control] */
const row = (key, value, control) =>
  make(
    "div",
    "field row",
    make("div", "about", make("span", { class: "label", words: key }), make("p", "help", value)),
    make("span"),
    make("div", "control", control ?? ""),
  );

// Export and import

const told = make("div", { class: "messages", role: "status", id: "transfer" });
/** Draws what became of it, in whatever language is spoken then. @type {() => Node[]} */
let drawTold = () => [];
let language = "";
drawWith(() => {
  if (language !== words.language) tell(drawTold);
});

/** @param {() => Node[]} draw */
function tell(draw) {
  drawTold = draw;
  language = words.language;
  told.replaceChildren(...draw());
}

/** @param {unknown} error */
const failed = (error) => {
  const fault = faultOf(error);
  tell(() => [note("bad", make("p", {}, faultText(fault)))]);
};

async function exportAll() {
  try {
    const { document } = await backend.want({ want: "export" });
    const path = await backend.saveFile("deskring-settings.json", `${JSON.stringify(document, null, 2)}\n`);
    tell(() => [note("good", make("p", {}, words.with("settings-exported", { path: clean(path) })))]);
  } catch (error) {
    failed(error);
  }
}

const file = make("input", {
  type: "file",
  id: "import-file",
  class: "unseen",
  accept: ".json,application/json",
  label: "settings-import",
  tabindex: "-1",
  on: { change: importOne },
});

async function importOne() {
  const [chosen] = file.files ?? [];
  if (!chosen) return;
  let document = null;
  try {
    if (chosen.size <= LARGEST_BYTES) document = JSON.parse((await chosen.text()).replace(/^\ufeff/, ""));
  } catch {
    // Told below: it is not one of ours.
  }
  file.value = "";
  if (document === null || typeof document !== "object" || Array.isArray(document)) {
    tell(() => [note("bad", make("p", {}, words.text("settings-import-unreadable")))]);
    return;
  }
  try {
    const answer = await backend.want({ want: "import", document });
    take(answer);
    if (answer.refused.length > 0) {
      tell(() => [
        note(
          "bad",
          make("p", {}, words.text("settings-import-refused")),
          make("ul", "points", ...answer.refused.map((/** @type {any} */ it) => make("li", {}, problemText(it)))),
        ),
      ]);
    } else tell(() => [note("good", make("p", {}, words.text("settings-imported")))]);
    announce(told.textContent ?? "");
  } catch (error) {
    failed(error);
  }
}

/** @param {string} key of words @param {() => void} press @param {string} id */
const small = (key, press, id) => button(key, press, { class: "button small", id });

/** @param {"logs" | "profile"} which */
const open = (which) => () => {
  backend.openFolder(which).catch(failed);
};

export const generalPage = page(
  "general",
  card(
    null,
    field("general.language", choice("general.language", ["system", "en", "zh-CN"])).node,
    field("general.name_order", choice("general.name_order", ["automatic", "first_last", "last_first", "last_first_joined"]))
      .node,
    field("general.start_at_login", toggle("general.start_at_login")).node,
  ),
  card(
    "settings-transfer",
    help("settings-transfer-help"),
    make(
      "div",
      "buttons start",
      worker("settings-export", exportAll, { id: "export" }),
      button("settings-import", () => file.click(), { id: "import" }),
      file,
    ),
    told,
  ),
  card(
    "settings-about",
    row("settings-version", version),
    row("settings-logs", logs, small("settings-open-folder", open("logs"), "open-logs")),
    row("settings-profile", profile, small("settings-open-folder", open("profile"), "open-profile")),
    row(
      "settings-nav-doctor",
      make("span", { words: "settings-doctor-help" }),
      make("a", { class: "button small", href: "#doctor", words: "settings-open-page" }),
    ),
    row(
      "settings-nav-setup",
      make("span", { words: "settings-setup-help" }),
      make("a", { class: "button small", href: "#setup", words: "settings-open-page" }),
    ),
  ),
);
