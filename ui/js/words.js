/**
 * The words people read, in the language the app has chosen. Values are isolated, so that a name written from
 * right to left does not turn its sentence around.
 */
import { FluentBundle, FluentResource } from "../vendor/fluent-bundle/index.js";

export class Words {
  #bundle;

  /** @param {{language: string, catalog: string}} source */
  constructor({ language, catalog }) {
    this.language = language;
    this.#bundle = new FluentBundle(language, { useIsolating: true });
    this.#bundle.addResource(new FluentResource(catalog));
  }

  /**
   * @param {string} key
   * @returns {string} the key itself when there are no words for it
   */
  text(key) {
    return this.with(key, {});
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} values
   * @returns {string}
   */
  with(key, values) {
    const message = this.#bundle.getMessage(key);
    return message?.value ? this.#bundle.formatPattern(message.value, values, []) : key;
  }

  /**
   * Whether there are words for one of the engine's codes.
   *
   * @param {string} family
   * @param {string} code
   */
  hasCode(family, code) {
    return Boolean(this.#bundle.getMessage(`${family}-${code.replaceAll("_", "-")}`)?.value);
  }

  /**
   * The words of one of the engine's codes; an unknown code comes back as it is.
   *
   * @param {string} family
   * @param {string} code
   * @param {Record<string, string | number>} [values]
   * @returns {string}
   */
  ofCode(family, code, values = {}) {
    const key = `${family}-${code.replaceAll("_", "-")}`;
    return this.#bundle.getMessage(key)?.value ? this.with(key, values) : code;
  }
}
