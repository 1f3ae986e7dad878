// A moderator's token on this device: until the tab is closed, or for a week where that is wanted. Knows no DOM.

const WEEK_MS = 7 * 24 * 60 * 60_000;

export function createSession({ storage, tabStorage, clock }) {
  function kept() {
    try {
      const { token, until } = JSON.parse(storage.get('moderator'));
      if (until > clock.now()) return token;
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

    keep(token, { forWeek }) {
      tabStorage.set('moderator-token', token);
      if (forWeek) storage.set('moderator', JSON.stringify({ token, until: clock.now() + WEEK_MS }));
      else storage.drop('moderator');
    },

    drop() {
      tabStorage.drop('moderator-token');
      storage.drop('moderator');
    },
  };
}
