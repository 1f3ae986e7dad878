// Where the viewer is in the list, kept for a reload and for coming back from elsewhere.

export function createPlace({ device, cards, window }) {
  function save() {
    const shown = cards().find(([, element]) => element.getBoundingClientRect().bottom > 0);
    if (window.scrollY === 0 || !shown) return device.drop('place');
    const [id, element] = shown;
    device.set('place', JSON.stringify({ id, top: element.getBoundingClientRect().top }));
  }

  window.addEventListener('pagehide', save);

  return {
    /** `{ id, top }` of the message that was at the top, where the viewer was here before; else null. */
    saved() {
      const [{ type } = {}] = window.performance.getEntriesByType('navigation');
      if (type !== 'reload' && type !== 'back_forward') return null;
      try {
        return JSON.parse(device.get('place'));
      } catch {
        return null;
      }
    },

    restore({ id, top }) {
      const [, element] = cards().find(([shown]) => shown <= id) ?? [];
      if (element) window.scrollBy({ top: element.getBoundingClientRect().top - top, behavior: 'instant' });
    },
  };
}
