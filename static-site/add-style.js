// The styles of what is loaded when it is wanted.

/** Adds a style sheet, and waits until it holds. */
export function addStyle(page, href) {
  const link = page.querySelector(`link[href="${href}"]`) ?? Object.assign(page.createElement('link'), { rel: 'stylesheet', href });
  if (link.sheet) return Promise.resolve();
  return new Promise((resolve) => {
    // A component whose style does not come works without it.
    for (const type of ['load', 'error']) link.addEventListener(type, resolve);
    link.addEventListener('error', () => link.remove());
    if (!link.isConnected) page.head.append(link);
  });
}
