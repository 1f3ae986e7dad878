// What went wrong, and what to do about it, as sentences for `words.sayAll`. Knows no DOM, no requests and
// no language.

import { countCharacters } from './input-normalization.js';
import { isWaking } from './backoff.js';

const FIELDS = ['text', 'author', 'alt', 'picture'];
/** What the board finds wrong with fields and the page has a sentence for. */
const FIELD_CODES = [
  'bidirectional-control', 'control-character', 'malformed', 'several-lines', 'too-many-parts', 'too-many-pixels', 'without-picture',
];
/** What the board finds wrong with a picture that a browser may show all the same. */
const DAMAGES = ['malformed', 'too-many-parts'];
const LIMITS = { text: 'textCharacters', author: 'authorCharacters', alt: 'altCharacters' };

/**
 * Why a message could not be posted, or is not known to be, as `{ [field]: sentences }`, where the field `form`
 * stands for the message as a whole.
 */
export function explainPost(error, { picture, sent }, limits) {
  const { status, code } = error;
  if (status === 413) return picture ? { picture: explainSize(picture, limits) } : { text: [['text.too-long-for-all']] };
  if (status === 415 && picture) return { picture: [['picture.unsupported']] };
  if (status === 422 && error.fields.length > 0) return explainFields(error);
  if (code === 'posting-closed') return { form: [['post.closed']] };
  if (status === 403) return { form: [['post.refused']] };
  if (status === 410) return { form: [['post.gone']] };
  return { form: explain(error, sent === 'this' ? 'post.unsure' : 'post.kept') };
}

/** Why a message could not be deleted. */
export function explainDelete(error) {
  if (error.status === 401 || error.status === 403) return [['delete.refused']];
  return explain(error, 'delete.failed');
}

/** Why messages could not be loaded. */
export function explainLoad(error) {
  return isWaking(error) ? [['load.waking']] : explain(error, 'load.failed');
}

/** What is wrong with a draft before it is sent, in the same shape as `explainPost`. */
export function checkDraft(draft, limits) {
  const words = {};
  if (draft.text.trim() === '' && !draft.picture) words.text = [['text.required']];
  for (const [field, name] of Object.entries(LIMITS)) {
    const over = limits ? countCharacters(draft[field]) - limits[name] : 0;
    if (over > 0) words[field] = [['field.too-long', { limit: limits[name], count: over }]];
  }
  if (limits && draft.picture?.size > limits.pictureBytes) words.picture = explainSize(draft.picture, limits);
  return words;
}

/** Whether the board has decided: what is sent after that is a message of its own. */
export function isFinal({ status }) {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

/** Whether what was sent is certainly not on the board by what was sent now. */
export function isRefusal(error) {
  return isFinal(error) || error.status === 429 || error.code === 'database-resuming';
}

/** Whether the board could not read the picture, and has nothing else to say against the message. */
export function isUnreadPicture({ status, fields }) {
  if (status === 415) return true;
  return status === 422 && fields.length > 0 && fields.every(({ field, code }) => field === 'picture' && DAMAGES.includes(code));
}

function explainSize(picture, limits) {
  return [limits ? ['picture.too-large', { bytes: picture.size, limitBytes: limits.pictureBytes }] : ['picture.too-large-for-all']];
}

function explainFields({ fields }) {
  const words = {};
  for (const { field, code } of fields) {
    const place = FIELDS.includes(field) ? field : 'form';
    words[place] = [...(words[place] ?? []), explainField(place, code)];
  }
  return words;
}

function explainField(field, code) {
  if (code === 'required') return ['text.required'];
  if (field === 'picture' && code === 'several') return ['picture.several'];
  return [FIELD_CODES.includes(code) ? `field.${code}` : 'field.wrong'];
}

/** What went wrong, and what to do about it, with what follows from it between the two. */
export function explain(error, consequence) {
  const { status, code, retryAfter } = error;
  // A request that would be answered in the same way again gets no advice to try again.
  return [reason(), [consequence], ...(isFinal(error) ? [] : [advice()])];

  function reason() {
    if (status === 0) return ['reason.unreachable'];
    if (status === 429) return ['reason.too-many'];
    if (code === 'database-resuming') return ['reason.waking'];
    if (status === 503) return ['reason.unavailable'];
    if (status >= 500) return ['reason.broken', { status }];
    return ['reason.refused', { status }];
  }

  function advice() {
    if (status === 0) return ['advice.connection'];
    if (retryAfter) return ['advice.after', { count: retryAfter }];
    return ['advice.later'];
  }
}
