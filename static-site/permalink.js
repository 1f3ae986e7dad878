// The message that the address names (`#<id>`), however old it is: in the list where it is there, else by
// itself above the list.

import { withBackoff } from './backoff.js';
import { emit } from './events.js';
import { createMessage } from './message.js';
import { explainLoad } from './problems.js';
import { roomIn } from './wall.js';

const ID = /^#([0-9A-HJKMNP-TV-Z]{26})$/;

/** Emits `go-to-message`, with the id, or null for the list. */
export function mount(root, { api, feed, card, clock, words, window }) {
  const find = (selector) => root.querySelector(selector);
  const place = find('.permalink__place');
  const state = { id: null, message: null, sentences: [] };
  const goTo = (id) => emit(root, 'go-to-message', id);
  let shown = null;

  function update() {
    // Once the list has it, it is the list's, and so is who reads it.
    const isFound = feed.has(state.id);
    const found = isFound && place.contains(window.document.activeElement) ? state.id : null;
    if (isFound) Object.assign(state, { id: null, message: null, sentences: [] });
    const { id, message, sentences } = state;
    root.hidden = id === null;
    const note = find('.permalink__note');
    note.textContent = words.sayAll(sentences);
    note.hidden = sentences.length === 0;
    if (!message) {
      shown = null;
      place.replaceChildren();
      if (found) goTo(found);
      return;
    }
    if (!shown) {
      shown = createMessage(message, { ...card, layout: () => 'list', room: () => roomIn(place) }, { whole: true });
      place.replaceChildren(shown.article);
    }
    shown.update(card.stateOf(id));
  }

  async function follow() {
    const [, id] = ID.exec(window.location.hash) ?? [];
    if (!id) return close();
    if (state.id === id && state.message) return shown.focus();
    Object.assign(state, { id, message: null, sentences: [] });
    update();
    if (root.hidden) return goTo(id);
    let message = null;
    try {
      message = await withBackoff(() => api.message(id), { clock, onWaiting: (error) => show(explainLoad(error)) });
    } catch (error) {
      if (state.id === id) show(error.status === 404 ? [['link.missing']] : explainLoad(error));
    }
    if (state.id !== id) return feed.has(id) && goTo(id);
    if (message) {
      state.message = message;
      show([]);
    }
    root.scrollIntoView();
    (shown ?? find('.permalink__note')).focus();
  }

  function show(sentences) {
    state.sentences = sentences;
    update();
  }

  function close() {
    Object.assign(state, { id: null, message: null, sentences: [] });
    update();
  }

  find('.permalink__close').addEventListener('click', () => {
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    close();
    goTo(null);
  });
  window.addEventListener('hashchange', follow);

  return {
    update,
    follow,
    removed(id) {
      if (state.id !== id) return;
      state.message = null;
      show([['link.deleted']]);
      if (!root.hidden) find('.permalink__note').focus();
    },
  };
}
