// The delete tokens of the messages posted from this device.

export function createDeleteTokens(storage) {
  const key = (id) => `delete-token:${id}`;
  return {
    of: (id) => storage.get(key(id)),
    keep: (id, token) => storage.set(key(id), token),
    drop: (id) => storage.drop(key(id)),
  };
}
