// Scroll restoration: where the viewer is in the list, kept for a reload and for coming back from elsewhere.

export function createScrollRestoration({ storage, cards, window }) {
  function save() {
    const shown = cards().find(({ item }) => item.getBoundingClientRect().bottom > 0);
    if (window.scrollY === 0 || !shown) return storage.drop('scroll-position');
    const { top } = shown.item.getBoundingClientRect();
    storage.set('scroll-position', JSON.stringify({ id: shown.id, top, isUnfolded: shown.folding.isUnfolded }));
  }

  window.addEventListener('pagehide', save);

  return {
    /** `{ id, top, isUnfolded }` of the message that was at the top, where the viewer was here before; else null. */
    saved() {
      const [{ type } = {}] = window.performance.getEntriesByType('navigation');
      if (type !== 'reload' && type !== 'back_forward') return null;
      try {
        return JSON.parse(storage.get('scroll-position'));
      } catch {
        return null;
      }
    },

    restore({ id, top, isUnfolded }) {
      const card = cards().find((shown) => shown.id <= id);
      if (isUnfolded && card?.id === id) card.folding.unfold();
      if (card) window.scrollBy({ top: card.item.getBoundingClientRect().top - top, behavior: 'instant' });
    },
  };
}
