// Brings what people type and paste into the form that the board takes. Knows no DOM and no language.

// PowerPoint, PDF readers and some keyboards break lines with these.
const LINE_BREAKS = /\r\n|[\r\v\f\u0085\u2028\u2029]/g;
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g;
const BIDIRECTIONAL_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// As Unicode has it: `trim` would take a U+FEFF for white space as well.
const WHITE_SPACE_AT_ENDS = /^\p{White_Space}+|\p{White_Space}+$/gu;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** The length as the board counts it: in code points, not the units of JavaScript's strings, without white space at the ends. */
export function countCharacters(text) {
  return [...text.replace(WHITE_SPACE_AT_ENDS, '')].length;
}

/** `{ value, dropped }`: the field's value as the board takes it, and whether invisible characters were left out. */
export function normalize(field, value) {
  const withLineFeeds = value.replace(LINE_BREAKS, '\n');
  const lines = field === 'text' ? withLineFeeds : withLineFeeds.replace(/[\n\t]/g, ' ').replace(BIDIRECTIONAL_CONTROLS, '');
  const normalized = lines.replace(CONTROLS, '');
  return { value: normalized, dropped: normalized.length < withLineFeeds.length };
}

/**
 * Puts � for half an emoji. Only what is sent is replaced: some keyboards type the two surrogates one after the
 * other.
 */
export function replaceLoneSurrogates(text) {
  return text.replace(LONE_SURROGATES, '\ufffd');
}
