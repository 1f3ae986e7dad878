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
  const state = { id: null, message: null, sentences: [], isFailed: false };
  const goTo = (id) => emit(root, 'go-to-message', id);
  let shown = null;

  function update() {
    if (state.id === null && root.hidden) return;
    const next = root.nextElementSibling;
    const before = next.getBoundingClientRect().top;
    // Once the list has the message, it is shown there.
    const isFound = feed.has(state.id);
    const found = isFound && place.contains(window.document.activeElement) ? state.id : null;
    if (isFound) clear();
    render();
    // A viewer who has gone on to the list stays where they read; one who has not is brought to the message's place.
    if (before < 0) window.scrollBy({ top: next.getBoundingClientRect().top - before, behavior: 'instant' });
    else if (found) goTo(found);
  }

  function render() {
    const { id, message, sentences } = state;
    root.hidden = id === null;
    const note = find('.permalink__note');
    note.textContent = words.sayAll(sentences);
    note.hidden = sentences.length === 0;
    if (!message) {
      shown = null;
      place.replaceChildren();
      return;
    }
    if (!shown) {
      shown = createMessage(message, { ...card, layout: () => 'list', room: () => roomIn(place) }, { whole: true });
      place.replaceChildren(shown.article);
    }
    shown.update(card.stateOf(id));
  }

  /** @param isBack whether the viewer was here before, and is at another place of the board by now */
  async function follow({ isBack = false } = {}) {
    const [, id] = ID.exec(window.location.hash) ?? [];
    if (!id) return close();
    if (state.id === id && state.message) return shown.focus();
    clear(id);
    update();
    const lead = isBack ? () => {} : goTo;
    if (root.hidden) return lead(id);
    let message = null;
    try {
      message = await withBackoff(() => api.message(id), { clock, onWaiting: (error) => show(explainLoad(error)) });
    } catch (error) {
      if (state.id === id) {
        state.isFailed = error.status !== 404;
        show(state.isFailed ? explainLoad(error) : [['link.missing']]);
      }
    }
    if (state.id !== id) return feed.has(id) && lead(id);
    if (message) {
      state.message = message;
      show([]);
    }
    if (isBack) return;
    root.scrollIntoView();
    (shown ?? find('.permalink__note')).focus();
  }

  function clear(id = null) {
    Object.assign(state, { id, message: null, sentences: [], isFailed: false });
  }

  function show(sentences) {
    state.sentences = sentences;
    update();
  }

  function close() {
    clear();
    update();
  }

  find('.permalink__close').addEventListener('click', () => {
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    close();
    goTo(null);
  });
  window.addEventListener('hashchange', () => follow());

  return {
    update,
    follow,
    /** Asks again for what could not be had, once the board can be reached. */
    tryAgain() {
      if (state.isFailed) void follow({ isBack: true });
    },
    removed(id) {
      if (state.id !== id) return;
      state.message = null;
      show([['link.deleted']]);
      if (!root.hidden) find('.permalink__note').focus();
    },
  };
}
