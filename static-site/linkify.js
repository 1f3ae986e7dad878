// Finds the web addresses in what people wrote.

// Neither a character that turns the writing round nor a backslash, which means another thing to every reader of it.
const ADDRESS = /https?:\/\/[^\s\p{Bidi_Control}\\<>"`\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/giu;
// What ends a sentence is not the end of an address.
const CLOSING = /[.,;:!?*_~…'’”]+$/;
const BRACKETS = { ')': '(', ']': '[', '}': '{' };

/**
 * The parts of `text` in order, `{ text, href, host }`, where `href` is null for all that is no address, and `host`
 * names where the address leads if that is not what one reads in it.
 */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: candidate, index } of text.matchAll(ADDRESS)) {
    const shown = trim(candidate);
    const found = address(shown);
    if (!found) continue;
    if (index > end) parts.push({ text: text.slice(end, index), href: null });
    parts.push({ text: shown, ...found });
    end = index + shown.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), href: null });
  return parts;
}

/** Without punctuation at the end, and without a bracket that was opened before the address. */
function trim(found) {
  let shown = found;
  for (;;) {
    const shorter = shown.replace(CLOSING, '');
    const opening = BRACKETS[shorter.at(-1)];
    const unopened = opening && shorter.split(opening).length < shorter.split(shorter.at(-1)).length;
    const next = unopened ? shorter.slice(0, -1) : shorter;
    if (next === shown) return shown;
    shown = next;
  }
}

function address(text) {
  try {
    const { href, hostname } = new URL(text);
    // Letters that look like others (a capital i like an l), invisible ones, a name before an @, a number: the browser goes to `hostname`.
    const [, written] = /^https?:\/\/([^/?#]*?)(?::\d*)?(?:[/?#]|$)/i.exec(text);
    return { href, host: written === hostname ? null : hostname };
  } catch {
    return null;
  }
}
