/**
 * The window's process. The only file that knows Tauri.
 *
 * @typedef {import("./types.js").Stage} Stage
 */

const { invoke } = globalThis.__TAURI__.core;
const { listen } = globalThis.__TAURI__.event;

/** @returns {Promise<{language: string, catalog: string}>} */
export const words = () => invoke("words");

/** @returns {Promise<Stage>} */
export const stage = () => invoke("stage");

/**
 * Calls `seen` with each new stage.
 *
 * @param {(stage: Stage) => void} seen
 * @returns {Promise<unknown>}
 */
export const watch = (seen) => listen("stage", (event) => seen(event.payload));

/**
 * Asks the engine for something. Rejects with the code of a cause.
 *
 * @param {object | string} command
 * @returns {Promise<void>}
 */
export const command = (command) => invoke("command", { command });

/** The page has something to show: the window may appear. @returns {Promise<void>} */
export const ready = () => invoke("ready");

/** Closes the window. @returns {Promise<void>} */
export const close = () => invoke("close");
