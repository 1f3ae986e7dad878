// What people type and paste, as the board takes it. Knows no DOM and no language.

// PowerPoint, PDF readers and some keyboards break lines with these.
const LINE_BREAKS = /\r\n|[\r\v\f\u0085\u2028\u2029]/g;
const CONTROLS = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g;
const BIDIRECTIONAL_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const HALF_CHARACTERS = /\p{Surrogate}/gu;

/** As the board counts: characters, not the units of JavaScript's strings, and none at the ends. */
export function length(text) {
  return [...text.trim()].length;
}

/** `{ value, dropped }`: the field's value as the board takes it, and whether invisible characters were left out. */
export function tidy(field, value) {
  const broken = value.replace(LINE_BREAKS, '\n');
  const lines = field === 'text' ? broken : broken.replace(/[\n\t]/g, ' ').replace(BIDIRECTIONAL_CONTROLS, '');
  const tidied = lines.replace(CONTROLS, '');
  return { value: tidied, dropped: tidied.length < broken.length };
}

/** Half an emoji becomes �. Only what is sent is made whole: some keyboards type the halves one after the other. */
export function whole(text) {
  return text.replace(HALF_CHARACTERS, '\ufffd');
}
