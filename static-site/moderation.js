// Moderating: `#moderate` asks for the moderator token, which is kept for the life of the tab.

import { emit } from './events.js';
import { put } from './words.js';

const ADDRESS = '#moderate';

/**
 * Emits `moderator-changed`.
 * @param refusalOf what the board has against a token, as sentences for `words.sayAll`; none where it takes it
 */
export function mountModeration({ bar, dialog, storage, refusalOf, words, window }) {
  const form = dialog.querySelector('form');
  const { token } = form.elements;
  const state = { checking: false, refusal: [] };
  /** The number of the token asked about last: what is heard of another is of no account. */
  let last = 0;

  function show({ checking = false, refusal = [] }) {
    Object.assign(state, { checking, refusal });
    update();
  }

  function update() {
    put(dialog.querySelector('.field__error'), words.sayAll(state.refusal));
    token.setAttribute('aria-invalid', String(state.refusal.length > 0));
    dialog.querySelector('.button--primary').setAttribute('aria-disabled', String(state.checking));
    bar.hidden = storage.get('moderator-token') === null;
  }

  function ask() {
    if (window.location.hash !== ADDRESS) return;
    // So that it can be asked for again, and a reload does not ask.
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    dialog.showModal();
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const entered = token.value.trim();
    if (!entered || state.checking) return;
    show({ checking: true });
    last += 1;
    const mine = last;
    const refusal = await refusalOf(entered);
    if (mine !== last) return;
    show({ refusal });
    if (refusal.length > 0) return token.focus();
    storage.set('moderator-token', entered);
    dialog.close();
    update();
    emit(bar, 'moderator-changed');
  });
  dialog.addEventListener('close', () => {
    // The page needs it no longer; nothing that offers to remember it shall see it.
    token.value = '';
    last += 1;
    show({});
  });
  dialog.querySelector('.moderation__cancel').addEventListener('click', () => dialog.close());
  bar.querySelector('button').addEventListener('click', () => {
    storage.drop('moderator-token');
    update();
    emit(bar, 'moderator-changed');
  });
  window.addEventListener('hashchange', ask);
  // What is scrolled to, and what sticks to the top, stays clear of it.
  new ResizeObserver(() => window.document.documentElement.style.setProperty('--bar', `${bar.offsetHeight}px`)).observe(bar);

  update();
  ask();
  return {
    get token() {
      return storage.get('moderator-token');
    },
  };
}
