/**
 * Builds and changes elements, for both windows. Must not know what they show.
 */
import { icons } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {ParentNode} parent @param {string} selector @returns {HTMLElement} */
export const inside = (parent, selector) => /** @type {HTMLElement} */ (parent.querySelector(selector));

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * @param {string} className
 * @param {string} text
 * @param {() => void} press
 */
export function button(className, text, press) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

/**
 * Writes only what changed, so that nothing flickers and a selection stays.
 *
 * @param {Element} where
 * @param {string} text
 */
export function say(where, text) {
  // A new node each time: WebKit leaves crumbs of a longer text when one is only changed.
  if (where.textContent !== text) where.replaceChildren(text);
}

/** As `say`, for a line that may be cut off, and is not there when it is empty. @param {HTMLElement} where @param {string} text */
export function sayLine(where, text) {
  say(where, text);
  where.hidden = !text;
  if (where.title !== text) where.title = text;
}

/** Sets an attribute, or takes it away. @param {Element} where @param {string} name @param {?string} value */
export function mark(where, name, value) {
  if (value === null) where.removeAttribute(name);
  else if (where.getAttribute(name) !== value) where.setAttribute(name, value);
}

/** @param {string} name of an icon */
export function shape(name, className = "shape") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  reshape(svg, name);
  return svg;
}

/** @param {Element} svg @param {string} name */
export function reshape(svg, name) {
  if (svg.getAttribute("data-icon") === name && svg.firstElementChild) return;
  svg.setAttribute("data-icon", name);
  svg.setAttribute("viewBox", "0 0 24 24");
  const lines = (icons[name] ?? []).map(([tag, attributes]) => {
    const line = document.createElementNS(SVG, tag);
    for (const [attribute, value] of Object.entries(attributes)) line.setAttribute(attribute, value);
    return line;
  });
  svg.replaceChildren(...lines);
}

/** Draws the icons that stand in the page itself: `<svg class="shape" data-icon="…">`. */
export function drawIcons() {
  for (const svg of document.querySelectorAll("svg[data-icon]")) reshape(svg, svg.getAttribute("data-icon") ?? "");
}

/**
 * Keeps one child for each item, in order. Children are reused, so focus, animations and what was typed survive.
 *
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => HTMLElement} make
 * @param {(child: HTMLElement, item: T) => void} draw
 */
export function keyed(parent, items, keyOf, make, draw) {
  const before = new Map([...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.item, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = /** @type {HTMLElement | undefined} */ (before.get(key));
    before.delete(key);
    if (!child) {
      child = make(item);
      child.dataset.item = key;
    }
    draw(child, item);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const gone of before.values()) gone.remove();
}

/**
 * Calls `work` once, when nobody has called for it for a while. `now` does not wait; `stop` forgets it.
 *
 * @param {number} ms
 * @param {() => void} work
 */
export function debounced(ms, work) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const run = () => {
    timer = 0;
    work();
  };
  return {
    later: () => {
      stop();
      timer = setTimeout(run, ms);
    },
    now: () => {
      if (timer) {
        stop();
        run();
      }
    },
    stop: () => {
      stop();
      timer = 0;
    },
  };
}
