// Finds the web addresses in what people wrote.

const ADDRESS = /https?:\/\/[^\s<>"`\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/gi;
// What ends a sentence is not the end of an address.
const CLOSING = /[.,;:!?*_~…'’”]+$/;
const BRACKETS = { ')': '(', ']': '[', '}': '{' };

/** The parts of `text` in order, `{ text, href }`, where `href` is null for all that is no address. */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const shown = trim(found);
    const href = address(shown);
    if (!href) continue;
    if (index > end) parts.push({ text: text.slice(end, index), href: null });
    parts.push({ text: shown, href });
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
    const { protocol, href } = new URL(text);
    return protocol === 'http:' || protocol === 'https:' ? href : null;
  } catch {
    return null;
  }
}
