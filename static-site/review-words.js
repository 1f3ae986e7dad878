// What is said about messages that wait for a moderator, and to moderators. Loaded with the modules that say it, and so
// is what gives them their looks.

/** Fails where it does not come. */
export async function loadReviewWords(language) {
  return (await import(`./review-words-${language.toLowerCase()}.js`)).default;
}

let coming = null;

/** Has `words` say these, too; once it is done, what says them can be shown. */
export function addReviewWords(words) {
  coming ??= words.extend(loadReviewWords).catch((error) => {
    coming = null;
    throw error;
  });
  return coming;
}

/** Adds a style sheet, and waits until it holds. */
export function addStyle(page, href) {
  if (page.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(page.createElement('link'), { rel: 'stylesheet', href });
  return new Promise((resolve) => {
    // Without its looks it works all the same.
    for (const type of ['load', 'error']) link.addEventListener(type, resolve);
    page.head.append(link);
  });
}
