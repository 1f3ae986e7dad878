// What is said about messages that wait for a moderator, and to moderators. Loaded with the modules that say it.

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
