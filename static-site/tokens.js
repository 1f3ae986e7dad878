// The delete tokens of the messages posted from this device.

export function createTokens(device) {
  const key = (id) => `delete-token:${id}`;
  return {
    of: (id) => device.get(key(id)),
    keep: (id, token) => device.set(key(id), token),
    drop: (id) => device.drop(key(id)),
  };
}
