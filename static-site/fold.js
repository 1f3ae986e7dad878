// A long text is folded: its beginning is shown, and the rest on demand. How much fits is settled by style.css.

import { onResize } from './resize.js';
import { put } from './words.js';

const REACH = 8;

/** `update` brings `button` in line with the language, `measure` with how long the text is; `unfold` shows all of it. */
export function fold(text, button, { article, words, whole }) {
  const state = { folded: !whole, long: false };

  function update() {
    const { folded, long } = state;
    text.classList.toggle('is-folded', folded);
    button.hidden = !long;
    button.classList.toggle('is-folded', folded);
    button.setAttribute('aria-expanded', String(!folded));
    put(button, words.say(folded ? 'message.more' : 'message.less'));
  }

  function measure() {
    if (!state.folded) return;
    // Letters may reach out of their lines, but by less than a line.
    state.long = text.scrollHeight > text.clientHeight + REACH;
    update();
  }

  /** What was scrolled to inside the text stays where it is on the screen. */
  function unfold() {
    // It may have come a moment ago.
    measure();
    if (!state.long) return;
    const { scrollTop } = text;
    state.folded = false;
    update();
    window.scrollBy({ top: scrollTop, behavior: 'instant' });
  }

  // Once it is laid out, and whenever its width is another one.
  onResize(text, measure);

  // A search in the page, or a selection, has found something further down.
  text.addEventListener('scroll', () => state.folded && text.scrollTop > 0 && unfold());
  // A link under the button would have the focus unseen.
  text.addEventListener('focusin', ({ target }) => {
    if (state.folded && state.long && target.getBoundingClientRect().bottom > button.getBoundingClientRect().top) unfold();
  });
  button.addEventListener('click', () => {
    if (state.folded) return unfold();
    state.folded = true;
    update();
    // Firefox brings back where the text was scrolled to, which would unfold it again.
    text.scrollTop = 0;
    measure();
    // The button went up with the end of the text, and the reader with it.
    article.scrollIntoView({ block: 'nearest' });
  });
  return {
    update,
    measure,
    unfold,
    get isUnfolded() {
      return state.long && !state.folded;
    },
  };
}
