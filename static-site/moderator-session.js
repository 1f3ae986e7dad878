// A moderator's session on this device: until the tab is closed, or until the session ends where that is wanted. Knows no DOM.

export function createSession({ storage, tabStorage, clock }) {
  let hasEnded = false;

  function kept() {
    try {
      const { token, until } = JSON.parse(storage.get('moderator'));
      if (until > clock.now()) return token;
      hasEnded = true;
    } catch {
      // Nothing is kept, or nothing that was kept here.
    }
    storage.drop('moderator');
    return null;
  }

  return {
    get token() {
      return tabStorage.get('moderator-token') ?? kept();
    },

    /** Whether a session that was kept here has run out, and nobody signed in since. */
    get hasEnded() {
      return this.token === null && hasEnded;
    },

    /** @param session `{ token, expiresAt }`, as the board answers a sign-in */
    keep({ token, expiresAt }, { forWeek }) {
      tabStorage.set('moderator-token', token);
      if (forWeek) storage.set('moderator', JSON.stringify({ token, until: Date.parse(expiresAt) }));
      else storage.drop('moderator');
    },

    drop() {
      hasEnded = false;
      tabStorage.drop('moderator-token');
      storage.drop('moderator');
    },
  };
}
