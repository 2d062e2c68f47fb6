/** Servers that requests are trusted to. */
const TRUSTED = new Set(["up", "on_trial"]);

/**
 * Whether a change would hurt: what is left afterwards takes no requests, or is down, where it was
 * not so before.
 *
 * @param {{ url: string, before: number, after: number }[]} shares What a dry run foretells.
 * @param {Map<string, string>} states The state of each server, by URL.
 * @returns {string} What would happen; empty where it does not hurt.
 */
export function harm(shares, states) {
  const takers = shares.filter(({ after }) => after > 0);
  if (takers.length === 0) {
    if (!shares.some(({ before }) => before > 0)) return "";
    return "No server would be left to take requests. Clients would get 503 until there is one.";
  }
  if (takers.some(({ url }) => isTrusted(url, states))) return "";
  if (!shares.some(({ url, before }) => before > 0 && isTrusted(url, states))) return "";
  return "Only servers that are down would be left to take requests.";
}

function isTrusted(url, states) {
  return TRUSTED.has(states.get(url));
}
