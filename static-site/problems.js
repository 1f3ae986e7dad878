// What went wrong, in plain words and with what to do about it. Knows no DOM and no requests.

const FIELDS = ['text', 'author', 'alt', 'picture'];

/**
 * Why a message could not be posted, as `{ [field]: words }`, where the field `form` stands
 * for the message as a whole.
 *
 * @param error an `ApiError`
 * @param draft what was sent
 * @param limits from `/api/board`, or null while they are not known
 */
export function explainPost(error, draft, limits) {
  const { picture } = draft;
  if (error.status === 413) {
    return picture ? { picture: tooLarge(picture, limits) } : { text: 'This message is too long for the board.' };
  }
  if (error.status === 415 && picture) {
    return { picture: 'This file is not a picture the board can show. It takes JPEG, PNG, GIF, WebP and BMP.' };
  }
  if (error.status === 422) return explainFields(error);
  if (error.status === 403) return { form: 'The board does not take this message: posting may have been closed.' };
  return { form: explain(error, 'Your message was not posted, but it is still here.') };
}

/** Why a message could not be deleted. */
export function explainDelete(error) {
  if (error.status === 401 || error.status === 403) {
    return 'The board no longer accepts this device’s permission to delete this message.';
  }
  return explain(error, 'The message was not deleted.');
}

/** Why messages could not be loaded. */
export function explainLoad(error) {
  return explain(error, 'The messages could not be loaded.');
}

/** What is wrong with a draft before it is sent, in the same shape as `explainPost`. */
export function checkDraft({ text, picture }) {
  return text.trim() === '' && !picture ? { text: 'Write something, or add a picture.' } : {};
}

/** A size in bytes for people: `3.4 MB`. One MB is 1024 × 1024 bytes, as in the board's limit. */
export function size(bytes) {
  const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KB'] : [bytes / 1024 / 1024, 'MB'];
  // Rounded up, so that a file just over the limit does not look as if it were within.
  const digits = amount < 10 ? 10 : 1;
  return `${Math.ceil(amount * digits) / digits}\u00a0${unit}`;
}

function tooLarge(picture, limits) {
  const largest = limits ? `The board takes pictures up to ${size(limits.pictureBytes)}` : 'The board does not take pictures this big';
  return `This picture is too large (${size(picture.size)}). ${largest}: choose a smaller one.`;
}

function explainFields({ fields }) {
  const words = {};
  for (const { field, detail } of fields) {
    const place = FIELDS.includes(field) ? field : 'form';
    words[place] = [words[place], detail].filter(Boolean).join(' ');
  }
  return fields.length > 0 ? words : { form: 'The board does not take this message as it is.' };
}

function explain({ status, code, retryAfter }, consequence) {
  return `${reason()} ${consequence} ${advice()}`;

  function reason() {
    if (status === 0) return 'The board could not be reached.';
    if (status === 429) return 'That was a lot in a short time.';
    if (code === 'database-resuming') return 'The board is just waking up, which takes a few seconds.';
    if (status === 503) return 'The board is not available at the moment.';
    if (status >= 500) return `The board has a problem (${status}).`;
    return `The board did not accept this (${status}).`;
  }

  function advice() {
    if (status === 0) return 'Check your connection and try again.';
    if (retryAfter) return `Try again in ${retryAfter} ${retryAfter === 1 ? 'second' : 'seconds'}.`;
    return 'Try again in a moment.';
  }
}
