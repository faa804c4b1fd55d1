// Owns the page: where texts are, where buttons go, and putting everything back.
// Must not know: what a number is, how a call is made, the extension's settings.
//
// A framework keeps hold of its text nodes and writes into them later. So a text node is never moved, wrapped or
// replaced: a button stands behind it, and a text that goes on after a number is split behind the number, where the
// framework's own node stays the first part. When the page touches any part, all of it is put back before the next
// paint and looked at again.

"use strict";

{
  const { TAG } = globalThis.deskring;
  const HTML = "http://www.w3.org/1999/xhtml";

  // What is written in, what is somebody else's button, and what nobody reads.
  const SKIPPED_TAGS = new Set(
    ("input textarea select option datalist button script style noscript template title code kbd samp object iframe " +
      `canvas audio video progress meter ${TAG}`).split(" "),
  );
  const SKIPPED =
    '[contenteditable]:not([contenteditable="false" i]),[role="textbox"],[role="searchbox"],[role="combobox"],' +
    ".CodeMirror,.cm-editor,.monaco-editor,.ace_editor,.ql-editor,.ProseMirror," +
    '[role="button"],[role="option"],[role="menuitem"],[role="tab"],a[href^="tel:" i],a[href^="callto:" i]';

  // Pages have tens of thousands of elements: the cheap questions first.
  const skipped = (element) =>
    SKIPPED_TAGS.has(element.localName) ||
    element.namespaceURI !== HTML ||
    (element.hasAttributes() && element.matches(SKIPPED));

  /** Whether an element or anything around it, through shadow roots, is to be left alone. */
  function outOfBounds(node) {
    for (let at = node; at; at = at.parentNode ?? at.host) {
      if (at.nodeType === Node.ELEMENT_NODE && skipped(at)) return true;
    }
    return false;
  }

  /** A node's text when it is short; a whole list is not read for that. */
  function short(node) {
    if (!node || node.childElementCount > 3) return "";
    const text = node.textContent.trim();
    return text.length <= 40 ? text : "";
  }

  /** What the page calls a text: names and short texts beside it, up to a field's row. */
  function label(text) {
    const said = [short(text.previousSibling)];
    let at = text.parentElement;
    for (let steps = 0; at && steps < 3; steps += 1, at = at.parentElement) {
      said.push(at.getAttribute("aria-label"), at.getAttribute("title"), short(at.previousElementSibling));
    }
    return said.filter(Boolean).join(" ");
  }

  /**
   * Watches a document and keeps a button beside each number in it.
   * @param {(text: string, label: () => string) => { start: number, end: number }[]} find
   * @param {(shown: string, found: object) => HTMLElement} makeButton
   * @param {() => boolean} alive whether the extension still runs
   */
  function watch(find, makeButton, alive) {
    /** A text and what was put behind it: `head` is the page's, then a button and the split-off rest for each number.
     * @typedef {{ head: Text, parts: { button: HTMLElement, tail: Text | undefined, text: string }[] }} Mark */
    /** @type {Set<Mark>} */
    const marks = new Set();
    /** @type {WeakMap<Node, Mark>} every node of a mark */
    const owner = new WeakMap();
    /** Elements that may get a shadow root when their class is defined. */
    const undefinedYet = new Set();
    const roots = new WeakSet();
    /** How often the page took a button out and nothing else: it does not want one there. */
    const refusals = new WeakMap();
    const PATIENCE = 3;
    /** What is to be looked at: places, the one that is gone through now, texts found there. */
    const queue = { places: new Set(), walker: undefined, texts: new Set(), handle: 0 };

    const observer = new MutationObserver((records) => {
      if (!alive()) return stop();
      for (const record of records) react(record);
      forgetOwn();
      schedule();
    });

    /** What we changed ourselves is no news. Called where no records of the page can be waiting. */
    const forgetOwn = () => observer.takeRecords();

    function react({ type, target, addedNodes, removedNodes }) {
      if (type === "characterData") {
        const mark = owner.get(target);
        if (mark?.head === target) restore(mark, "written");
        else if (mark) restore(mark, "moved");
        queue.texts.add(target);
        return;
      }
      if (type === "attributes") {
        if (outOfBounds(target)) for (const mark of within(target)) restore(mark, "moved");
        else queue.places.add(target);
        return;
      }
      for (const node of removedNodes) {
        const mark = owner.get(node);
        if (!mark) continue;
        const { head } = mark;
        if (node.localName === TAG && head.parentNode === target) refusals.set(head, (refusals.get(head) ?? 0) + 1);
        restore(mark, "moved");
      }
      for (const node of addedNodes) {
        const between = owner.get(node.previousSibling);
        // Something new in the middle of a mark: its parts no longer follow each other.
        if (between && owner.get(node.nextSibling) === between) restore(between, "moved");
        queue.places.add(node);
      }
    }

    const within = (node) => [...marks].filter((mark) => node.contains(mark.head));

    /** Takes a mark away. When the page has written a new text, or taken the text out, the rest of the old one goes. */
    function restore(mark, why) {
      if (!marks.delete(mark)) return;
      const { head, parts } = mark;
      let rest = "";
      for (const { button, tail, text } of parts) {
        button.remove();
        owner.delete(button);
        if (!tail) continue;
        owner.delete(tail);
        // The page wrote here, or took it out: it is the page's now.
        if (tail.data !== text || (!tail.parentNode && head.parentNode)) continue;
        rest += text;
        tail.remove();
      }
      owner.delete(head);
      if (rest && why !== "written") head.data += rest;
      if (head.isConnected) queue.texts.add(head);
    }

    function schedule() {
      if (!queue.handle && (queue.places.size || queue.walker || queue.texts.size)) {
        queue.handle = requestIdleCallback(work, { timeout: 1000 });
      }
    }

    /** Looks at what has changed, as long as the page has nothing better to do. */
    function work(deadline) {
      queue.handle = 0;
      if (!alive()) return stop();
      for (const mark of marks) if (!mark.head.isConnected) restore(mark, "gone");
      if (document.designMode === "on") {
        empty();
      } else {
        for (const element of undefinedYet) {
          if (!element.isConnected) undefinedYet.delete(element);
          else if (element.matches(":defined")) {
            undefinedYet.delete(element);
            queue.places.add(element);
          }
        }
        // Never so long that somebody who scrolls or types notices.
        const until = performance.now() + Math.min(Math.max(deadline.timeRemaining(), 8), 40);
        while (performance.now() < until && step());
      }
      forgetOwn();
      schedule();
    }

    /** A small piece of work; false when there is none left. */
    function step() {
      for (const text of queue.texts) {
        queue.texts.delete(text);
        mark(text);
        return true;
      }
      if (queue.walker) {
        walk(queue.walker);
        return true;
      }
      for (const place of queue.places) {
        queue.places.delete(place);
        begin(place);
        return true;
      }
      return false;
    }

    function begin(place) {
      if (!place.isConnected || outOfBounds(place.nodeType === Node.TEXT_NODE ? place.parentNode : place)) return;
      if (place.nodeType === Node.TEXT_NODE) return void queue.texts.add(place);
      // A comment, such as frameworks put where something will be.
      if (!("querySelectorAll" in place)) return;
      // Shells of buttons: in what the page copied, or left by the version of this extension before an update.
      for (const left of place.querySelectorAll(TAG)) if (!owner.has(left)) left.remove();
      queue.walker = document.createTreeWalker(place, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
        node.nodeType === Node.ELEMENT_NODE && skipped(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
      );
      visit(place);
    }

    /** Goes on through a place, for some nodes. */
    function walk(walker) {
      if (!walker.root.contains(walker.currentNode)) {
        // The page took out where we were: from the start, which is quick for what has its buttons.
        queue.walker = undefined;
        queue.places.add(walker.root);
        return;
      }
      for (let count = 0; count < 100; count += 1) {
        const node = walker.nextNode();
        if (!node) return void (queue.walker = undefined);
        visit(node);
      }
    }

    function visit(node) {
      if (node.nodeType === Node.TEXT_NODE) {
        if (/\p{Nd}/u.test(node.data)) queue.texts.add(node);
      } else if (node.shadowRoot) {
        enter(node.shadowRoot);
        queue.places.add(node.shadowRoot);
      } else if (node.localName?.includes("-") && !node.matches(":defined")) {
        undefinedYet.add(node);
      }
    }

    function mark(text) {
      if (owner.has(text) || !text.isConnected || outOfBounds(text.parentNode)) return;
      if (refusals.get(text) >= PATIENCE) return;
      const found = find(text.data, () => label(text));
      if (!found.length) return;
      const made = { head: text, parts: [] };
      const whole = text.data;
      let [at, cut] = [text, 0];
      for (const one of found) {
        const { start, end } = one;
        const button = makeButton(whole.slice(start, end), one);
        const tail = end < whole.length ? at.splitText(end - cut) : undefined;
        at.after(button);
        made.parts.push({ button, tail, text: "" });
        owner.set(button, made);
        if (tail) {
          owner.set(tail, made);
          [at, cut] = [tail, end];
        }
      }
      for (const part of made.parts) part.text = part.tail?.data ?? "";
      owner.set(text, made);
      marks.add(made);
    }

    function enter(root) {
      if (roots.has(root)) return;
      roots.add(root);
      observer.observe(root, {
        childList: true,
        characterData: true,
        attributes: true,
        attributeFilter: ["contenteditable", "role"],
        subtree: true,
      });
    }

    function empty() {
      for (const mark of marks) restore(mark, "moved");
      queue.places.clear();
      queue.walker = undefined;
      queue.texts.clear();
    }

    /** An editor may become one without any change of its nodes: looked at before somebody types. */
    function beforeTyping() {
      if (document.designMode !== "on") return;
      empty();
      forgetOwn();
    }

    function stop() {
      observer.disconnect();
      document.removeEventListener("focusin", beforeTyping, true);
      document.removeEventListener("beforeinput", beforeTyping, true);
      cancelIdleCallback(queue.handle);
      empty();
    }

    document.addEventListener("focusin", beforeTyping, true);
    document.addEventListener("beforeinput", beforeTyping, true);
    enter(document);
    queue.places.add(document.body ?? document.documentElement);
    schedule();
    return { stop, count: () => marks.size };
  }

  Object.assign(globalThis.deskring, { watch });
}
