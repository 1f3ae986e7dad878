// Scroll restoration: where the viewer is in the list, kept for a reload and for coming back from elsewhere.

/** @param place answers what is read, as message-list.js has it, or null at the top */
export function createScrollRestoration({ storage, place, window }) {
  window.addEventListener('pagehide', () => {
    const at = place();
    if (at) storage.set('scroll-position', JSON.stringify(at));
    else storage.drop('scroll-position');
  });

  return {
    /** The place where the viewer was here before, where they come back to it; else null. */
    saved() {
      const [{ type } = {}] = window.performance.getEntriesByType('navigation');
      if (type !== 'reload' && type !== 'back_forward') return null;
      try {
        return JSON.parse(storage.get('scroll-position'));
      } catch {
        return null;
      }
    },
  };
}
