// Keeps what is being written on the device (IndexedDB), through reload, crash and closing. Each tab has a
// slot of its own, so that two tabs do not overwrite each other; a new tab takes over what a closed one left.

import { asked, openDatabase } from './indexed-database.js';

/** How long a tab waits for its own slot after a reload, where the page before it may not be gone yet. */
const OWN_SLOT_WITHIN_MS = 1_000;

/** Keeps drafts. Where the device keeps nothing, what is written lasts as long as the page. */
export function createDrafts({ indexedDB, locks, storage, newSlot }) {
  let database = null;
  let slot;
  let savedPicture = null;
  /** Whether that was written, once it is known. */
  let pictureWritten = Promise.resolve(true);
  /** A picture for which there was no room. */
  let unkept = null;
  /** The number of the last change: an older one that was late must not undo it. */
  let last = 0;
  const ready = begin();

  /** Answers whether the device keeps anything. */
  async function begin() {
    try {
      database = await openDatabase(indexedDB, 'corkboard', ['drafts', 'pictures'], 'slot');
      slot = await claim();
      return true;
    } catch {
      return false;
    }
  }

  async function claim() {
    const own = storage.get('draft-slot');
    const signal = AbortSignal.timeout(OWN_SLOT_WITHIN_MS);
    if (own && (await hold(own, { signal }))) return own;
    const left = await asked(database.transaction('drafts').objectStore('drafts').getAll());
    left.sort((a, b) => b.savedAt - a.savedAt);
    for (const { slot: candidate } of left) if (await hold(candidate, { ifAvailable: true })) return use(candidate);
    const fresh = newSlot();
    await hold(fresh, { ifAvailable: true });
    return use(fresh);
  }

  function use(claimed) {
    storage.set('draft-slot', claimed);
    return claimed;
  }

  /** Whether this tab has the slot to itself, from now until it is gone. */
  async function hold(name, options) {
    if (!locks) return true;
    return new Promise((resolve) => {
      const forever = (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {});
      };
      locks.request(`corkboard:draft:${name}`, options, forever).catch(() => resolve(false));
    });
  }

  /** Runs `action` with both stores in one transaction, committed at once: the page may be going. Answers whether it took. */
  function change(action) {
    return new Promise((resolve) => {
      const transaction = database.transaction(['drafts', 'pictures'], 'readwrite');
      transaction.addEventListener('complete', () => resolve(true));
      for (const type of ['abort', 'error']) transaction.addEventListener(type, () => resolve(false));
      action(transaction.objectStore('drafts'), transaction.objectStore('pictures'));
      transaction.commit();
    }).catch(() => false);
  }

  return {
    /**
     * `{ text, author, alt, key, sent, picture, pictureName }` as saved last, or null. A name without a picture is that
     * of one that could not be kept.
     */
    async load() {
      if (!(await ready)) return null;
      try {
        const transaction = database.transaction(['drafts', 'pictures']);
        const [draft, kept] = await Promise.all(
          ['drafts', 'pictures'].map((store) => asked(transaction.objectStore(store).get(slot))),
        );
        const picture = kept?.picture ?? null;
        // An earlier version kept a `File`, which is a reference to something that may be gone.
        savedPicture = picture instanceof Blob ? null : picture;
        return draft ? { pictureName: picture?.name ?? null, ...draft, picture: savedPicture } : null;
      } catch {
        return null;
      }
    },

    /** Answers whether all of the draft is kept, once that is known. A picture is written again only where it is another one. */
    async save({ picture, ...draft }) {
      if (!(await ready)) return false;
      last += 1;
      const mine = last;
      const write = async (kept) => {
        const isAnother = kept !== savedPicture;
        savedPicture = kept;
        const written = change((drafts, pictures) => {
          drafts.put({ slot, savedAt: Date.now(), ...draft });
          if (!isAnother) return;
          if (kept) pictures.put({ slot, picture: kept });
          else pictures.delete(slot);
        });
        // The picture may be on its way by an earlier call, which may fail.
        if (isAnother) pictureWritten = written;
        const all = await Promise.all([written, pictureWritten]);
        return all.every(Boolean);
      };
      const wanted = picture === unkept ? null : picture;
      const isKept = await write(wanted);
      if (!isKept && wanted) {
        // Where there is no room for the picture, there may be room for the words.
        unkept = wanted;
        if (mine === last) await write(null);
      }
      return isKept && wanted === picture;
    },

    async clear() {
      if (!(await ready)) return;
      last += 1;
      savedPicture = null;
      await change((drafts, pictures) => {
        drafts.delete(slot);
        pictures.delete(slot);
      });
    },
  };
}
