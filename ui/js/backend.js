/**
 * The window's process. The only file that knows Tauri.
 *
 * @typedef {import("./types.js").About} About
 * @typedef {import("./types.js").Stage} Stage
 */

/**
 * @type {{core: {invoke: (name: string, values?: object) => Promise<any>},
 *   event: {listen: (name: string, heard: (event: {payload: any}) => void) => Promise<unknown>}}}
 */
const tauri = /** @type {any} */ (globalThis).__TAURI__;
const { invoke } = tauri.core;
const { listen } = tauri.event;

/** @returns {Promise<{language: string, catalog: string}>} */
export const words = () => invoke("words");

/**
 * Calls `seen` with the stage now and with each new one. Resolves when it has seen the first.
 *
 * @param {(stage: Stage) => void} seen
 * @returns {Promise<void>}
 */
export async function watch(seen) {
  let isKnown = false;
  await listen("stage", (event) => {
    isKnown = true;
    seen(event.payload);
  });
  const stage = await invoke("stage");
  // One that came meanwhile is newer than the answer.
  if (!isKnown) seen(stage);
}

/**
 * Asks the engine for something. Rejects with the code of a cause.
 *
 * @param {object | string} command
 * @returns {Promise<void>}
 */
export const command = (command) => invoke("command", { command });

/**
 * Asks the engine about calls and customers. Rejects with `{code, detail}`.
 *
 * @param {{want: string, [value: string]: unknown}} request
 * @returns {Promise<any>} its answer, told apart by `answer`
 */
export const assist = (request) => invoke("assist", { request });

/** What the window is called in the list of windows. @param {string} text @returns {Promise<void>} */
export const title = (text) => invoke("title", { text });

/** The page has something to show: the window may appear. @returns {Promise<void>} */
export const ready = () => invoke("ready");

/** Brings the window to the front: somebody asked for it elsewhere. @returns {Promise<void>} */
export const present = () => invoke("present");

/** Closes the window. @returns {Promise<void>} */
export const close = () => invoke("close");

// The settings window alone

/**
 * Calls `changed` when the app speaks another language from now on.
 *
 * @param {() => void} changed
 * @returns {Promise<unknown>}
 */
export const watchLanguage = (changed) => listen("language", changed);

/**
 * Asks the engine for something that is answered. Rejects with `{code, detail}`.
 *
 * @param {{want: string, [value: string]: unknown}} request
 * @returns {Promise<any>} its answer, told apart by `answer`
 */
export const want = (request) => invoke("want", { request });

/**
 * Opens one of the known pages of Zoho, or the address to sign in at, in the person's browser.
 *
 * @param {string} address
 * @returns {Promise<void>}
 */
export const openExternal = (address) => invoke("open_external", { address });

/**
 * Only right after a person pressed something. Rejects when the system does not let the page write to its clipboard.
 *
 * @param {string} text
 * @returns {Promise<void>}
 */
export const copy = async (text) => navigator.clipboard.writeText(text);

/**
 * Writes a new file into the person's downloads.
 *
 * @param {string} name
 * @param {string} text
 * @returns {Promise<string>} its path
 */
export const saveFile = (name, text) => invoke("save_file", { name, text });

/** @param {"logs" | "profile"} which @returns {Promise<void>} */
export const openFolder = (which) => invoke("open_folder", { which });

/** @returns {Promise<About>} */
export const about = () => invoke("about");
