// Tells those who do not see the page what has changed on it.

const PAUSE_MS = 100;

/** Answers a function that announces sayings, as `words.sayAll` takes them, also where they were announced last. */
export function mountAnnouncer(root, { words, clock }) {
  return (sayings) => {
    root.textContent = '';
    clock.setTimeout(() => (root.textContent = words.sayAll(sayings)), PAUSE_MS);
  };
}
