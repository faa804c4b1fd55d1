// Owns what counts as a phone number in a piece of text.
// Must not know: the page, the browser.
//
// libphonenumber says what is a number; it takes order numbers, prices and dates for some all the same, and its own
// search through a text swallows a neighbour ("…, 020") as an extension. So the text is cut into pieces that have the
// shape of one number first, and what surrounds a piece has a say.

"use strict";

{
  const DIGITS = { fewest: 7, most: 17 };
  // Horizontal blanks, brackets and dashes in the scripts that people write numbers in. No line break, no comma.
  const BLANK = "[ \\u00a0\\u2007\\u2009\\u202f\\u3000]";
  const GAP = "[ \\u00a0\\u2007\\u2009\\u202f\\u3000()\\uff08\\uff09.\\-\\uff0d\\u2010-\\u2014/]";
  const PLUS = "[+\\uff0b]";
  // 转, 轉, 分机, 分機
  const EXTENSION_WORDS = "ext(?:n|ension)?\\.?|durchw(?:ahl|\\.)?|x|\\u8f6c|\\u8f49|\\u5206\\u673a|\\u5206\\u6a5f";
  const PIECE = new RegExp(
    `(?:\\(?${PLUS}${BLANK}?)?[(\\uff08]?\\p{Nd}(?:${GAP}{0,3}\\p{Nd})+` +
      `(?:;ext=(\\p{Nd}{1,9})|${BLANK}{0,2}(?:${EXTENSION_WORDS})${BLANK}?[:.\\uff1a]?${BLANK}?(\\p{Nd}{1,6})(?!\\p{Nd}))?`,
    "giu",
  );
  const ENOUGH = new RegExp(`\\p{Nd}(?:${GAP}{0,3}\\p{Nd}){${DIGITS.fewest - 1}}`, "u");

  // Chinese and Japanese: 电话, 電話, 手机, 手機, 座机, 热线, 传真, 携帯. Arabic: hātif, jawwāl.
  const PHONE_WORDS =
    /\b(?:tel|telefon\w*|telephone|téléphone|teléfono|telefone|phone|mobile?|mobil\w*|móvil|celular|cell|handy|fax|call(?:er)?|whatsapp|hotline)\b|\u7535\u8bdd|\u96fb\u8a71|\u624b\u673a|\u624b\u6a5f|\u5ea7\u673a|\u70ed\u7ebf|\u4f20\u771f|\u643a\u5e2f|\u0647\u0627\u062a\u0641|\u062c\u0648\u0627\u0644/iu;
  // 订单, 工单, 发票, 单号, 编号, 账号, 快递, 身份证, at the end of what stands before the number.
  const OTHER_WORDS =
    /(?:\b(?:order|invoice|ticket|case|ref(?:erence)?|id|sku|isbn|iban|serial|s\/n|account|tracking|bestellung|auftrag|rechnung|vorgang|kunden-?nr|commande|facture|pedido|factura)(?:[ -]?(?:no|nr|n°|id|number|nummer))?\b|\u8ba2\u5355|\u5de5\u5355|\u53d1\u7968|\u5355\u53f7|\u7f16\u53f7|\u8d26\u53f7|\u5feb\u9012|\u8eab\u4efd\u8bc1)[\s.:#\uff1a\u53f7-]*$/iu;

  const DATE = /^(?:(?:19|20)\d\d([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:19|20)?\d\d)(?!\d)/;
  const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;
  const AMOUNT = /^(?:\d{1,3}(?:\.\d{3})+|\d+\.\d+)$/;
  const BOOK = /^97[89][- ]/;
  const RUN = /^\d+$/;
  const MONEY_BEFORE = /[$€£¥₹]\s?$/u;
  // 元
  const MONEY_AFTER = /^\s?(?:[$€£¥₹%\u5143]|(?:EUR|USD|GBP|CNY|RMB|INR|AUD|CAD|JPY|SAR|SGD|AED)\b)/iu;
  const GLUED_BEFORE = /(?:[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Nd}_#@/\\=&%~-]|\b\d{1,3}[.,])$/u;
  const GLUED_AFTER = /^(?:[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Nd}_@\\=%]|[-/]\p{L}|[.,]\d{1,2}(?!\d))/u;
  const WEB = /(?:\w:\/\/|www\.|@)\S*$/i;

  /** Digits and plus of every script as plain ones; the length stays, so that places in the text do. */
  const plain = (text) =>
    text.replace(/\p{Nd}/gu, (digit) => {
      if (digit.length > 1 || digit <= "9") return digit;
      // Every script has its ten digits in a row that starts at a multiple of the row: count down to its zero.
      let zero = digit.codePointAt(0);
      while (zero > 0x39 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && digit.codePointAt(0) - zero < 9) zero -= 1;
      return String(digit.codePointAt(0) - zero);
    }).replaceAll("\uff0b", "+");

  const digitsIn = (text) => text.replace(/\D/g, "").length;

  function parsed(piece, country) {
    const count = digitsIn(piece);
    if (count < DIGITS.fewest || count > DIGITS.most) return undefined;
    return libphonenumber.parsePhoneNumberFromString(piece, { defaultCountry: country || undefined, extract: false });
  }

  /** The number that a piece is, or nothing. */
  function judged(piece, before, country, label) {
    const number = parsed(piece, country);
    if (!number) return undefined;
    // With a plus somebody meant a phone number; numbers newer than our plans count.
    if (/^\(?\+/.test(piece)) return number.isPossible() ? number : undefined;
    if (!number.isValid()) return undefined;
    if (DATE.test(piece) || ADDRESS.test(piece) || AMOUNT.test(piece) || BOOK.test(piece)) return undefined;
    if (OTHER_WORDS.test(before) && !PHONE_WORDS.test(before.slice(-40))) return undefined;
    if (!RUN.test(piece)) return number;
    // Nothing but digits: a number when it can hardly be anything else, or when it is said to be one.
    const telling = piece.startsWith("0") || number.getType() === "MOBILE";
    return telling || PHONE_WORDS.test(before.slice(-40)) || PHONE_WORDS.test(label()) ? number : undefined;
  }

  /** Whether the word beside a number is no part of it: nothing, half a time, a number by itself. */
  const apart = (word) =>
    word === undefined ||
    word.taken ||
    digitsIn(word.text) <= 2 ||
    (digitsIn(word.text) >= DIGITS.fewest && /\d[-./]/.test(word.text));
  const startsAnother = (word) => word !== undefined && /^\(?[+0]/.test(word.text);

  /**
   * Finds the numbers in a text.
   * @param {string} source
   * @param {string} country ISO code whose national numbers count too, or "" for international ones only
   * @param {() => string} [label] what the page calls this text; asked for only when it matters
   * @returns {{ start: number, end: number, number: string, name: string }[]} E.164, with `;ext=` when there is an
   *   extension; and as a person reads it, without
   */
  function findNumbers(source, country, label = () => "") {
    if (!ENOUGH.test(source)) return [];
    const text = plain(source);
    const found = [];
    for (const match of text.matchAll(PIECE)) {
      const extension = match[1] ?? match[2];
      const whole = match[0];
      const main = extension ? whole.replace(/\D*\d+$/, "") : whole;
      const before = text.slice(Math.max(0, match.index - 60), match.index);
      const after = text.slice(match.index + whole.length, match.index + whole.length + 8);
      if (GLUED_BEFORE.test(before) || GLUED_AFTER.test(after) || WEB.test(before)) continue;
      if (MONEY_BEFORE.test(before) || MONEY_AFTER.test(after)) continue;

      let words = [...main.matchAll(/\S+/g)].map((word) => ({ text: word[0], at: word.index, taken: false }));
      words = words.filter((word) => /\d/.test(word.text));
      // "09:15 020 …" and "… 0018 12:30": halves of a time.
      if (/\d:$/.test(before)) words.shift();
      if (/^:\d/.test(after)) words.pop();

      // The whole piece first, then ever fewer of its words.
      for (let first = 0; first < words.length; first += 1) {
        for (let last = words.length - 1; last >= first; last -= 1) {
          const [head, tail] = [words[first], words[last]];
          if (!apart(words[first - 1]) || !(apart(words[last + 1]) || startsAnother(words[last + 1]))) continue;
          const piece = main.slice(head.at, tail.at + tail.text.length);
          const number = judged(piece, before + main.slice(0, head.at), country, label);
          if (!number) continue;
          const ends = last === words.length - 1 && extension;
          found.push({
            start: match.index + head.at,
            end: match.index + (ends ? whole.length : tail.at + tail.text.length),
            number: number.number + (ends ? `;ext=${extension}` : ""),
            name: number.formatInternational(),
          });
          for (const word of words.slice(first, last + 1)) word.taken = true;
          first = last;
          break;
        }
      }
    }
    return found;
  }

  /** The number of a `tel:` or `callto:` address, or nothing when only the app can tell what it means. */
  function numberOfLink(address, country) {
    let text = address.replace(/^(?:tel|callto):(?:\/\/)?/i, "");
    try {
      text = decodeURIComponent(text);
    } catch {
      return undefined;
    }
    const [, main, rest] = /^([^;,?]*)(.*)$/s.exec(text) ?? [];
    const extension = /^;ext=(\d{1,9})$/.exec(rest)?.[1];
    if (rest && !extension) return undefined;
    const number = parsed(plain(main), country);
    return number?.isPossible() ? number.number + (extension ? `;ext=${extension}` : "") : undefined;
  }

  globalThis.deskring ??= {};
  Object.assign(globalThis.deskring, { findNumbers, numberOfLink });
}
