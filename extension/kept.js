// Owns what the extension keeps in this browser, and what a site is.
// Must not know: pages, the app.

/** `country`: ISO code or ""; `handover`: "link" or "app"; `off`: Desk sites that somebody switched off;
 * `permitted`: goes up when the browser's permissions change, which open pages cannot see themselves. */
const DEFAULTS = { country: "", handover: "link", off: [], permitted: 0 };

export async function read() {
  const kept = await chrome.storage.local.get(DEFAULTS);
  return {
    country: /^[A-Z]{2}$/.test(kept.country) ? kept.country : "",
    handover: kept.handover === "app" ? "app" : "link",
    off: Array.isArray(kept.off) ? kept.off : [],
    permitted: Number(kept.permitted) || 0,
  };
}

export const keep = (changes) => chrome.storage.local.set(changes);

/** The site of an address, without a port as match patterns have none; nothing for what is not a web page. */
export function siteOf(address) {
  const url = URL.parse ? URL.parse(address) : URL.canParse(address) ? new URL(address) : null;
  return url && /^https?:$/.test(url.protocol) ? `${url.protocol}//${url.hostname}` : undefined;
}

export const patternOf = (site) => `${site}/*`;
export const siteOfPattern = (pattern) => pattern.replace(/\/\*$/, "");

/** The patterns of Desk's own hosts, where the extension works from the start. */
export const desk = () => chrome.runtime.getManifest().content_scripts[0].matches;

/** Whether the extension works on a site. */
export async function isOn(site) {
  if (!site || (await read()).off.includes(site)) return false;
  return chrome.permissions.contains({ origins: [patternOf(site)] });
}
