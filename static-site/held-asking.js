// Asking what became of a message that waits for a moderator: by its id, and where the board says nothing of it by
// that, by sending it again with its idempotency key. Knows no DOM.

import { fileOf } from './picture-file.js';

/** How often a message is sent again to hear of it: one without a picture, and one with a picture. */
const REPEAT_MS = 60_000;
const REPEAT_PICTURE_MS = 30 * 60_000;
/**
 * The board knows what it has answered for 24 hours after it was decided. What is sent again later than that might be a
 * new message.
 */
const KNOWN_MS = 24 * 60 * 60_000;
/** After this time the board has deleted a message that still waited. */
const LONGEST_MS = 31 * 24 * 60 * 60_000;

/** Whether the board was heard of an entry so long ago that it may not know of it any more. */
export const mayBeForgotten = ({ knownAt }, now) => now - knownAt > KNOWN_MS;

/**
 * @param pictureOf answers the picture that the message of an entry was posted with, or null
 */
export function createHeldAsking({ store, pictureOf, api, clock }) {
  /** Answers the message where it is on the board now, `rejected` where it was not taken, else null: it waits, or nobody knows. */
  return async function ask(entry) {
    const { id, createdAt, draft } = entry;
    let message = await orNull(() => api.message(id));
    // The message was deleted or dismissed on this device meanwhile.
    if (!store.entries.some((one) => one.id === id)) return null;
    if (!message) {
      if (clock.now() - new Date(createdAt) > LONGEST_MS) return 'rejected';
      if (!mayRepeat(entry, clock.now())) return null;
      const picture = draft.hasPicture ? await pictureOf(id) : null;
      if (draft.hasPicture && !picture) return null;
      store.change(id, { repeatedAt: clock.now() });
      message = await repeat(entry, { picture, api });
    }
    if (!message?.status) return message;
    store.change(id, { knownAt: clock.now(), status: message.status });
    return null;
  };
}

/** Whether the message of an entry can be sent again to hear of it. */
function mayRepeat(entry, now) {
  return !mayBeForgotten(entry, now) && now - entry.repeatedAt > (entry.draft.hasPicture ? REPEAT_PICTURE_MS : REPEAT_MS);
}

/** Sends a message again, which is idempotent: the board answers what became of the first. Null where it does not say. */
async function repeat({ id, draft, key }, { picture, api }) {
  try {
    const { deleteToken, ...message } = await api.post({ ...draft, picture: picture && fileOf(picture) }, { key, onProgress() {}, signal: new AbortController().signal });
    if (message.id === id) return message;
    // The board had forgotten the first message: this is a second one, which nobody wanted, and is deleted.
    await api.remove(message.id, deleteToken);
    return null;
  } catch (error) {
    if (error.status === 410) return 'rejected';
    throw error;
  }
}

async function orNull(action) {
  try {
    return await action();
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}
