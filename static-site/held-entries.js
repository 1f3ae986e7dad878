// What was posted from this device and waits for a moderator, as `localStorage` keeps it. It is kept before the module that
// shows it comes, which may not come.

/** The entry of a message that was just posted from `draft`. */
export function heldEntry({ status, ...message }, { text, author, alt, key, picture }, now) {
  const { id, createdAt } = message;
  const draft = { text, author, alt, hasPicture: Boolean(picture) };
  return { id, createdAt, message, status, draft, key, knownAt: now, repeatedAt: picture ? now : 0 };
}

/** The entries, newest first. */
export function readHeld(storage) {
  try {
    return (JSON.parse(storage.get('held')) ?? []).filter((entry) => entry?.id);
  } catch {
    return [];
  }
}

export function writeHeld(storage, entries) {
  if (entries.length > 0) storage.set('held', JSON.stringify(entries));
  else storage.drop('held');
}

/** Adds an entry, in place of an earlier one of the same message, and answers all. */
export function keepHeld(storage, entry) {
  const entries = [entry, ...readHeld(storage).filter(({ id }) => id !== entry.id)];
  writeHeld(storage, entries);
  return entries;
}
