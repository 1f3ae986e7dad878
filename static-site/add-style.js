// The styles of what is loaded when it is wanted.

/** Adds a style sheet, and waits until it holds. */
export function addStyle(page, href) {
  if (page.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(page.createElement('link'), { rel: 'stylesheet', href });
  return new Promise((resolve) => {
    // A component whose style does not come works without it.
    for (const type of ['load', 'error']) link.addEventListener(type, resolve);
    page.head.append(link);
  });
}
