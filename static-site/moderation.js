// Moderating: `#moderate` asks for the moderator token, which is kept for the life of the tab. Loaded where there is
// one, or one is asked for.

import { emit } from './events.js';
import { explain } from './problems.js';
import { put } from './words.js';

const ADDRESS = '#moderate';

/**
 * Emits `moderator-changed`.
 * @param check fails where the board does not take a token
 */
export function mountModeration({ bar, dialog, storage, check, words, window }) {
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
    const refusal = await check(entered).then(() => [], explainToken);
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
}

/** Why a moderator token was not taken. */
export function explainToken(error) {
  if (error.status === 401 || error.status === 403) return [['moderate.wrong']];
  return explain(error, 'moderate.unchecked');
}

/** What removing a sender would take, as the board tells it, and the question whether to: a saying for each line. */
export function describeSender({ known, messages, authors, otherAuthors, anonymous, since }) {
  if (!known) return [['confirm.sender-unknown'], ['confirm.sender-message']];
  if (messages === 0) return [['confirm.sender-none'], ['confirm.sender-refuse']];
  const names = authors.length === 0 ? [] : [[otherAuthors > 0 ? 'confirm.sender-names-more' : 'confirm.sender-names', { names: authors, count: otherAuthors }]];
  return [
    ['confirm.sender-messages', { count: messages, moment: new Date(since) }],
    ...names,
    ...(anonymous > 0 ? [['confirm.sender-anonymous', { count: anonymous }]] : []),
    ['confirm.sender-shared'],
    ['confirm.sender'],
  ];
}
