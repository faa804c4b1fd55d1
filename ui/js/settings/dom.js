/**
 * Builds and changes elements, and gives them their words. Must not know what a setting is.
 *
 * Words that stand for themselves are attributes (`data-words…`), so that they can be drawn again in another
 * language; sentences with values are written by whoever knows the values, on each drawing.
 */
import { keyed, mark, reshape, say, shape } from "../dom.js";
import { words } from "./language.js";

export { keyed, mark, reshape, say, shape, words };

/** Writes all words that stand for themselves in the present language. */
export function sayAll() {
  document.documentElement.lang = words.language;
  sayFixed(document.documentElement);
}

/** @param {Element} root */
function sayFixed(root) {
  for (const at of root.querySelectorAll("[data-words]")) say(at, words.text(at.getAttribute("data-words") ?? ""));
  for (const [attribute, target] of [
    ["data-words-label", "aria-label"],
    ["data-words-title", "title"],
    ["data-words-hint", "placeholder"],
  ]) {
    for (const at of root.querySelectorAll(`[${attribute}]`)) {
      mark(at, target, words.text(at.getAttribute(attribute) ?? ""));
    }
  }
}

/**
 * `words`, `label`, `title` and `hint` are keys of words; `on` holds listeners, `data` the `data-…` attributes; all
 * else are attributes.
 *
 * @typedef {{words?: string, label?: string, title?: string, hint?: string, data?: Record<string, string>,
 *   on?: Record<string, (event: any) => void>, [attribute: string]: any}} Looks
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Looks | string} [looks] a string is the class
 * @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, looks = {}, ...children) {
  const made = document.createElement(tag);
  const {
    on,
    data,
    words: text,
    label,
    title,
    hint,
    ...attributes
  } = typeof looks === "string" ? { class: looks } : looks;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const [name, value] of Object.entries(data ?? {})) made.dataset[name] = value;
  for (const [name, listener] of Object.entries(on ?? {})) made.addEventListener(name, listener);
  if (text) made.dataset.words = text;
  if (label) made.dataset.wordsLabel = label;
  if (title) made.dataset.wordsTitle = title;
  if (hint) made.dataset.wordsHint = hint;
  if (text) say(made, words.text(text));
  if (label) made.setAttribute("aria-label", words.text(label));
  if (title) made.setAttribute("title", words.text(title));
  if (hint) made.setAttribute("placeholder", words.text(hint));
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** @param {string} text a key of words @param {() => void} press @param {Looks} [looks] */
export const button = (text, press, looks = {}) =>
  make("button", { type: "button", class: "button", words: text, on: { click: press }, ...looks });

/** A link that opens outside. @param {string} text a key of words @param {string} address */
export const outside = (text, address) =>
  make("a", { class: "outside", href: address }, make("span", { words: text }), shape("open", "shape small"));

/**
 * Fills a `<select>` with these options and keeps what is chosen; a chosen value that is not among them stays as it
 * is.
 *
 * @param {HTMLSelectElement} select
 * @param {{value: string, text: string, off?: boolean}[]} options
 * @param {string} chosen
 */
export function fill(select, options, chosen) {
  const all = options.some(({ value }) => value === chosen) ? options : [...options, { value: chosen, text: chosen }];
  while (select.options.length > all.length) select.remove(all.length);
  all.forEach(({ value, text, off = false }, index) => {
    const option = select.options[index] ?? select.appendChild(document.createElement("option"));
    if (option.value !== value || !option.hasAttribute("value")) option.value = value;
    if (option.disabled !== off) option.disabled = off;
    say(option, text);
  });
  if (select.value !== chosen) select.value = chosen;
}

/** Says something once to those who listen. @param {string} text */
export function announce(text) {
  const news = document.getElementById("news");
  if (!news) return;
  // The same words twice are news twice.
  news.textContent = "";
  requestAnimationFrame(() => say(news, text));
}

/** @param {string} key such as `pbx.url` @returns {string} an id such as `pbx-url` */
export const idOf = (key) => key.replaceAll(/[._]/g, "-");
