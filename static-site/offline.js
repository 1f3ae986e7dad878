// Has the browser keep the page for when there is no network (sw.js). Loaded once the first messages are seen.

/** Registers the service worker. Where the browser has none, or does not allow it here, the page works without. */
export async function keepForOffline({ words, window }) {
  const { serviceWorker } = window.navigator;
  if (!serviceWorker) return;
  await serviceWorker.register(`sw.js?words=${words.language.toLowerCase()}`).catch(() => {});
  if (serviceWorker.controller) return;
  const { active } = await serviceWorker.ready;
  const seen = window.performance.getEntriesByType('resource').map(({ name }) => name);
  active.postMessage(seen.filter((url) => url.includes('/small/')));
}
