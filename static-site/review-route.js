// Whether the moderators' view is shown or the board, as the address says.

import { emit } from './events.js';

export const ADDRESS = '#moderate';

/**
 * Emits `messages-changed` on `view` where the board is shown again and is another one.
 * @param ask asks to sign in
 */
export function createReviewRoute({ view, review, queue, session, ask, onChange, window }) {
  const page = window.document;
  /** Where the reader was on the board, and whether what is on it is another by now. */
  let scrolled = 0;
  let isStale = false;

  const isShown = () => !view.hidden;

  function follow() {
    const { hash } = window.location;
    // The code of a sign-in link is exchanged first.
    if (hash.startsWith(`${ADDRESS}=`)) return;
    const isWanted = hash === ADDRESS;
    if (isWanted && session.token === null) return ask();
    if (isWanted === isShown()) return;
    if (isWanted) scrolled = window.scrollY;
    for (const element of page.querySelectorAll('.masthead, .board')) element.hidden = isWanted;
    page.documentElement.classList.toggle('is-reviewing', isWanted);
    review.show(isWanted);
    onChange();
    if (isWanted) return void queue.refresh();
    window.scrollTo(0, scrolled);
    if (isStale) emit(view, 'messages-changed');
    isStale = false;
  }

  window.addEventListener('popstate', follow);

  return {
    get isShown() {
      return isShown();
    },

    follow,

    enter() {
      if (window.location.hash !== ADDRESS) window.history.pushState(null, '', ADDRESS);
      follow();
    },

    leave() {
      window.history.pushState(null, '', window.location.pathname + window.location.search);
      follow();
    },

    /** Notes that readers see something else on the board now. */
    boardChanged() {
      if (isShown()) isStale = true;
      else emit(view, 'messages-changed');
    },
  };
}
