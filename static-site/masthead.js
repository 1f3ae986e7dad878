// The head of the page: the board's own picture, its name, there and in the browser's own head, and what it is for.

import { emit } from './events.js';
import { withLinks } from './links.js';
import { onResize } from './resize.js';
import { setLanguage } from './text-language.js';

/** Emits `all-pictures` where somebody wants to see them. */
export function mountMasthead(root, { storage, words, page }) {
  const find = (selector) => root.querySelector(selector);
  const heading = find('.masthead__name');
  const about = find('.masthead__about');
  const text = about.firstElementChild;
  const more = find('.masthead__more');
  let { name = null, description = null, head = null } = remembered(storage);
  let shown = '';
  let isFolded = true;
  let isCut = false;

  function update() {
    if (name === null) return;
    heading.firstElementChild.textContent = name;
    setLanguage(heading, words.languages);
    // Chinese characters count twice, since they are twice as wide.
    const { length } = name.replace(/[^\x00-\u2e7f]/g, 'xx');
    heading.classList.toggle('is-long', length > 20);
    heading.classList.toggle('is-very-long', length > 40);
    heading.classList.remove('is-unknown');
    page.title = name;
    if (head) find('.masthead__mark').src = head;
    if (shown !== (description ?? '')) {
      shown = description ?? '';
      text.replaceChildren(...withLinks(shown));
    }
    setLanguage(text, words.languages);
    about.classList.toggle('is-folded', isFolded);
    about.classList.toggle('is-empty', description === null);
    more.hidden = isFolded && !isCut;
    more.textContent = words.say(isFolded ? 'board.read' : 'message.less');
    more.setAttribute('aria-expanded', String(!isFolded));
  }

  /** Finds out whether the description has more than the one line of it that is seen at first. */
  function measure() {
    const cut = shown.includes('\n') || text.scrollWidth > text.clientWidth + 1;
    if (!isFolded || cut === isCut) return;
    isCut = cut;
    update();
  }

  function fold(folded) {
    isFolded = folded;
    update();
    measure();
  }

  more.addEventListener('click', () => fold(!isFolded));
  // A link in the part that is cut would have the focus unseen.
  text.addEventListener('focusin', () => isCut && fold(false));
  onResize(text, measure);
  find('.masthead__pictures').addEventListener('click', () => emit(root, 'all-pictures'));

  update();
  // On a narrow screen it has a line of its own, unless the board said at the last visit that it has none.
  about.classList.toggle('is-absent', name !== null && description === null);

  return {
    update,
    /** @param board what the board tells of itself, or null where it could not be asked */
    setBoard(board) {
      name = board?.name ?? name ?? 'Corkboard';
      if (board) {
        description = board.description || null;
        head = board.head || null;
        storage.set('board', JSON.stringify({ name, description, head }));
      }
      if (description) about.classList.remove('is-absent');
      update();
      measure();
    },
  };
}

/** What the board told at the last visit. */
function remembered(storage) {
  try {
    return JSON.parse(storage.get('board')) ?? {};
  } catch {
    return {};
  }
}
