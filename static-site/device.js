// What this device remembers: a `Storage` that never fails. Where the browser refuses one, or has no more
// room, what is set lasts as long as the page.

const PREFIX = 'corkboard:';

export function createDevice(storage) {
  const memory = new Map();

  function attempt(action) {
    try {
      return action(storage());
    } catch {
      return null;
    }
  }

  return {
    get: (key) => memory.get(key) ?? attempt((it) => it.getItem(PREFIX + key)),
    set(key, value) {
      memory.set(key, value);
      attempt((it) => it.setItem(PREFIX + key, value));
    },
    drop(key) {
      memory.delete(key);
      attempt((it) => it.removeItem(PREFIX + key));
    },
  };
}
