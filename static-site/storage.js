// Web Storage (`localStorage` or `sessionStorage`) that never fails. Where the browser refuses it, or has no more
// room, what is set lasts as long as the page.

const PREFIX = 'corkboard:';

/** @param webStorage answers the `Storage`; a browser that refuses one throws already when it is named */
export function createStorage(webStorage) {
  const memory = new Map();

  function attempt(action) {
    try {
      return action(webStorage());
    } catch {
      return null;
    }
  }

  return {
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(PREFIX + key)),
    set(key, value) {
      // What the browser keeps, other tabs may change.
      if (attempt((storage) => storage.setItem(PREFIX + key, value)) === null) memory.set(key, value);
      else memory.delete(key);
    },
    drop(key) {
      memory.delete(key);
      attempt((storage) => storage.removeItem(PREFIX + key));
    },
  };
}
