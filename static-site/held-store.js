// What was posted from this device and waits for a moderator, kept on the device: the messages in `localStorage`, their
// pictures in IndexedDB. Where a picture cannot be kept, the message is shown without it.

import { keepHeld, readHeld, writeHeld } from './held-entries.js';
import { asked, openDatabase } from './indexed-database.js';

/** Each change begins with what is kept, since other tabs change it as well. */
export function createHeldStore({ storage, indexedDB }) {
  const opened = openDatabase(indexedDB, 'corkboard-held', ['pictures'], 'id').catch(() => null);
  let entries = readHeld(storage);

  function write(changed) {
    entries = changed;
    writeHeld(storage, entries);
  }

  /** Runs `action` on the pictures; null where this device keeps none. */
  async function pictures(mode, action) {
    try {
      const database = await opened;
      return await asked(action(database.transaction('pictures', mode).objectStore('pictures')));
    } catch {
      return null;
    }
  }

  return {
    get entries() {
      return entries;
    },

    /** The picture that was posted with this message, or null. */
    async picture(id) {
      return (await pictures('readonly', (store) => store.get(id)))?.picture ?? null;
    },

    async add({ picture, ...entry }) {
      entries = keepHeld(storage, entry);
      if (picture) await pictures('readwrite', (store) => store.put({ id: entry.id, picture }));
    },

    change(id, fields) {
      write(readHeld(storage).map((entry) => (entry.id === id ? { ...entry, ...fields } : entry)));
    },

    drop(id) {
      write(readHeld(storage).filter((entry) => entry.id !== id));
      void pictures('readwrite', (store) => store.delete(id));
    },
  };
}
