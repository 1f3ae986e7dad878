// The delete tokens of the messages posted from this device.

const PREFIX = 'corkboard:delete-token:';

/** @param storage a `Storage`, or null where the browser refuses one */
export function createTokens(storage) {
  // Where nothing can be stored, the tokens last as long as the page.
  const memory = new Map();

  function stored(action) {
    try {
      return storage ? action(storage) : null;
    } catch {
      return null;
    }
  }

  return {
    of: (id) => memory.get(id) ?? stored((it) => it.getItem(PREFIX + id)),
    keep(id, token) {
      memory.set(id, token);
      stored((it) => it.setItem(PREFIX + id, token));
    },
    drop(id) {
      memory.delete(id);
      stored((it) => it.removeItem(PREFIX + id));
    },
  };
}
