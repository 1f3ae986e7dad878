// The last visit: which message was the newest then. What came since is marked as new, also after a reload.

export function createVisit({ storage, tabStorage }) {
  const since = tabStorage.get('new-since') ?? storage.get('newest-seen') ?? '';
  tabStorage.set('new-since', since);

  return {
    /** Whether a message is newer than all of the last visit; at the first visit none is. */
    isNew: (id) => since !== '' && id > since,
    see(id) {
      if (id && id > (storage.get('newest-seen') ?? '')) storage.set('newest-seen', id);
    },
  };
}
