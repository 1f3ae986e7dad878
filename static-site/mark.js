// Who is who: a mark for each name, of which its first letter, a colour and a shape are made. Whoever has the same name
// has the same mark; nothing else of a sender goes into it.

const COLOURS = 8;
const SHAPES = 4;
/** Letters that never become one with the next one, so that most names need no segmenter, which takes a while to make. */
const PLAIN = /^[\p{sc=Latin}\p{sc=Cyrl}\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\uac00-\ud7a3](?=[\p{sc=Latin}\p{sc=Cyrl}\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\uac00-\ud7a3 .]|$)/u;
let graphemes;

/** `{ letter, colour, shape }` of a name; the numbers are those of style.css. */
export function lookOf(name) {
  const composed = name.normalize('NFC').trim();
  const number = hash(composed);
  const segment = firstGrapheme(composed);
  const large = segment.toLocaleUpperCase();
  // Some letters become two in upper case, and stay as they are.
  const letter = large.length === segment.length ? large : segment;
  return { letter, colour: number % COLOURS, shape: Math.floor(number / COLOURS) % SHAPES };
}

function firstGrapheme(text) {
  const [plain] = PLAIN.exec(text) ?? [];
  if (plain) return plain;
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const [{ segment = '' } = {}] = graphemes.segment(text);
  return segment;
}

/** An element for the eyes that shows whose something is; without a name (`null`) an empty circle. */
export function mark(name) {
  const element = document.createElement('span');
  element.className = 'mark';
  element.setAttribute('aria-hidden', 'true');
  if (!name?.trim()) return element;
  const { letter, colour, shape } = lookOf(name);
  Object.assign(element.dataset, { colour, shape });
  element.textContent = letter;
  return element;
}

/** FNV-1a, and its bits mixed once more, since short names differ in few of them. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
