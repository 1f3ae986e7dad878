// A moderator's session on this device: until the tab is closed, or until the session ends where that is wanted. Knows no DOM.

const KEY = 'moderator';
/** Set for a moment when somebody signs out, so that the other tabs hear of it. */
const SIGNED_OUT = 'moderator-out';
/** What the board says of a token that it does not accept; and what is said of an answer that came after the session. */
const OVER = ['token-missing', 'token-wrong', 'session-over'];

/** Whether something was not done since nobody is signed in any more, which is told where one signs in. */
export const isSignedOut = ({ code }) => OVER.includes(code);

export function createSession({ storage, tabStorage, clock }) {
  const stores = [tabStorage, storage];
  let lost = null;

  function keptIn(store) {
    try {
      const { token, until } = JSON.parse(store.get(KEY));
      if (until > clock.now()) return token;
      lost = 'ended';
    } catch {
      // What is kept cannot be read, or is none of this page's.
    }
    store.drop(KEY);
    return null;
  }

  function drop() {
    lost = null;
    for (const store of stores) store.drop(KEY);
  }

  return {
    get token() {
      return keptIn(tabStorage) ?? keptIn(storage);
    },

    /** How the session was lost that was kept here, and nobody signed in since: `ended`, `revoked`, or null. */
    get lost() {
      return this.token === null ? lost : null;
    },

    /** @param session `{ token, expiresAt }`, as the board answers a sign-in */
    keep({ token, expiresAt }, { forWeek }) {
      const kept = JSON.stringify({ token, until: Date.parse(expiresAt) });
      lost = null;
      tabStorage.set(KEY, kept);
      if (forWeek) storage.set(KEY, kept);
      else storage.drop(KEY);
    },

    /** The board does not accept this token. */
    refuse(token) {
      for (const store of stores) {
        if (token === null || keptIn(store) !== token) continue;
        store.drop(KEY);
        lost = 'revoked';
      }
    },

    drop,

    signOut() {
      drop();
      storage.set(SIGNED_OUT, String(clock.now()));
      storage.drop(SIGNED_OUT);
    },

    /** Whether a `storage` event tells that somebody signed out in another tab. */
    isSigningOut: ({ key, newValue }) => newValue !== null && Boolean(key?.endsWith(`:${SIGNED_OUT}`)),
  };
}
