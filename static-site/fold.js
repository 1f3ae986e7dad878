// A long text is folded: its beginning is shown, and the rest on demand. How much fits is settled by style.css.

import { resizeObserver } from './resize.js';
import { put } from './words.js';

const REACH = 8;

/** The foldings by their texts. */
const foldings = new WeakMap();
let observer = null;

/** Finds out which texts are long. All are measured before any is changed: measuring after a change lays out the page. */
export function settle(some) {
  const found = some.map((folding) => folding.look());
  for (const [at, folding] of some.entries()) folding.take(found[at]);
}

/** Settles `text` once it is laid out, and whenever its width is another one. */
function watch(text, folding) {
  observer ??= resizeObserver((texts) => settle(texts.map((one) => foldings.get(one))));
  foldings.set(text, folding);
  observer.observe(text);
}

/** `update` brings `button` in line with the language; `unfold` shows all of the text. */
export function fold(text, button, { article, words, whole, unfolded = false }) {
  const state = { folded: !whole && !unfolded, long: unfolded };

  function update() {
    const { folded, long } = state;
    text.classList.toggle('is-folded', folded);
    button.hidden = !long;
    button.classList.toggle('is-folded', folded);
    button.setAttribute('aria-expanded', String(!folded));
    put(button, words.say(folded ? 'message.more' : 'message.less'));
  }

  const folding = {
    update,
    unfold,
    get isUnfolded() {
      return state.long && !state.folded;
    },
    /** Whether the text has more than is seen. Letters may reach out of their lines, but by less than a line. */
    look: () => (state.folded ? text.scrollHeight > text.clientHeight + REACH : state.long),
    take(long) {
      if (long === state.long) return;
      state.long = long;
      update();
    },
  };

  /** Shows all of the text. What was scrolled to inside it stays where it is on the screen. */
  function unfold() {
    // The text may have come a moment ago, and not be measured yet.
    settle([folding]);
    if (!state.long) return;
    const { scrollTop } = text;
    state.folded = false;
    update();
    window.scrollBy({ top: scrollTop, behavior: 'instant' });
  }

  watch(text, folding);

  // A search in the page, or a selection, has found something further down.
  text.addEventListener('scroll', () => state.folded && text.scrollTop > 0 && unfold());
  // A link that the button covers would have the focus unseen.
  text.addEventListener('focusin', ({ target }) => {
    if (state.folded && state.long && target.getBoundingClientRect().bottom > button.getBoundingClientRect().top) unfold();
  });
  button.addEventListener('click', () => {
    if (state.folded) return unfold();
    state.folded = true;
    update();
    // Firefox brings back where the text was scrolled to, which would unfold it again.
    text.scrollTop = 0;
    settle([folding]);
    // The button went up with the end of the text, and the reader with it.
    article.scrollIntoView({ block: 'nearest' });
  });
  return folding;
}
