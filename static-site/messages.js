// The list of messages: newest first, older ones on demand, new ones without moving what is read.

import { createMessage } from './message.js';
import { isWaking, withBackoff } from './backoff.js';
import { explainLoad } from './problems.js';
import { put } from './words.js';

/** The page size where many are wanted, and how many pages a reload brings back at most. */
const LARGE_PAGE = 50;
const PAGES_BROUGHT_BACK = 20;
/** Older messages are asked for when the end comes this near. */
const AHEAD = '800px';

export function mountMessages(root, { api, feed, card, clock, words, announce, onChange, onWanted, onRefreshed, window }) {
  const find = (selector) => root.querySelector(selector);
  const title = find('.messages__title');
  const list = find('.messages__list');
  const button = find('.messages__older');
  const cards = new Map();

  const state = {
    loaded: false,
    /** Why the first page could not be loaded the last time, or null. */
    failure: null,
    /** Nobody was at the page for long: it no longer looks for what is new. */
    paused: false,
    older: { loading: false, failure: null },
  };

  function update() {
    const { loaded, failure } = state;
    showCards(feed.messages);
    const isEmpty = feed.messages.length === 0;
    find('.messages__loading').hidden = loaded || failure !== null;
    find('.messages__empty').hidden = !loaded || !isEmpty || feed.waiting.count > 0;
    // What there is to read stays; only where there is nothing does the failure take its place.
    const failed = find('.messages__failure');
    failed.hidden = loaded || failure === null;
    failed.classList.toggle('note--error', failure !== null && !isWaking(failure));
    put(failed.firstElementChild, failure ? words.sayAll(explainLoad(failure)) : '');
    find('.messages__retry').hidden = failure !== null && isWaking(failure);
    showNews();
    showOlder();
    onChange();
  }

  /** What floats above the list: what is new, else why nothing new comes. */
  function showNews() {
    const { count, more } = feed.waiting;
    const reveal = find('.messages__reveal');
    reveal.hidden = count === 0;
    put(reveal, newMessages(count, more));
    const isLost = state.loaded && state.failure !== null;
    find('.messages__paused').hidden = count > 0 || isLost || !state.paused;
    const lost = find('.messages__lost');
    lost.hidden = count > 0 || !isLost;
    put(lost, isLost ? words.say(isWaking(state.failure) ? 'load.waking' : 'list.offline') : '');
  }

  function showOlder() {
    const { loading, failure } = state.older;
    button.hidden = feed.next === null || feed.messages.length === 0;
    button.setAttribute('aria-disabled', String(loading));
    put(button, words.say(loading ? 'list.loading-older' : 'list.older'));
    const note = find('.messages__older-note');
    note.classList.toggle('field__error', failure !== null && !isWaking(failure));
    put(note, !failure ? '' : isWaking(failure) ? words.say('list.asleep') : words.sayAll(explainLoad(failure)));
    find('.messages__end').hidden = !state.loaded || feed.next !== null || feed.messages.length < LARGE_PAGE / 2;
  }

  const newMessages = (count, more) => words.say(more ? 'list.new-or-more' : 'list.new', { count });

  /** Brings the list in line with `shown`, touching only what is different, and holds still what is read. */
  function showCards(shown) {
    const wanted = new Set(shown.map(({ id }) => id));
    const held = [...cards.values()].find(({ item, id }) => wanted.has(id) && item.getBoundingClientRect().bottom > 0);
    const before = held?.item.getBoundingClientRect().top ?? Infinity;

    for (const [id, { item }] of cards) {
      if (wanted.has(id)) continue;
      item.remove();
      cards.delete(id);
    }
    shown.forEach((message, index) => {
      const { id } = message;
      if (!cards.has(id)) cards.set(id, { id, ...createMessage(message, card) });
      const { item, update: updateCard } = cards.get(id);
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
      updateCard(card.stateOf(id));
    });

    // Where the list is further down, it is not what is read.
    const moved = before < window.innerHeight ? held.item.getBoundingClientRect().top - before : 0;
    if (moved !== 0 && window.scrollY > 0) window.scrollBy({ top: moved, behavior: 'instant' });
  }

  /** Asks for the first page again. What is new is shown at once only where nobody reads the list. */
  async function refresh() {
    let page;
    try {
      page = await api.firstPageIfChanged();
    } catch (error) {
      state.failure = error;
      return update();
    }
    if (page) {
      const { count: before } = feed.waiting;
      feed.offer(page);
      const { count, more } = feed.waiting;
      if (state.loaded && count > before) announce(newMessages(count, more));
      if (!state.loaded || feed.messages.length === 0 || isOutOfSight()) feed.reveal();
    }
    const wasLost = state.failure !== null;
    state.loaded = true;
    state.failure = null;
    update();
    onRefreshed({ wasLost });
  }

  const isOutOfSight = () => list.getBoundingClientRect().top > window.innerHeight;

  async function loadOlder() {
    if (state.older.loading) return;
    const byKeyboard = window.document.activeElement === button;
    state.older = { loading: true, failure: null };
    update();
    const onWaiting = (error) => {
      state.older.failure = error;
      update();
    };
    try {
      const first = await appendPage({ onWaiting });
      state.older = { loading: false, failure: null };
      update();
      // Where the button is gone, reading goes on with the first message it brought.
      if (byKeyboard && first && button.hidden) cards.get(first)?.focus();
    } catch (error) {
      state.older = { loading: false, failure: error };
      update();
    }
    // Tells again whether the end is near.
    nearEnd.unobserve(button);
    nearEnd.observe(button);
  }

  /** Answers the id of the first message that it brought, or null. */
  async function appendPage({ limit, onWaiting } = {}) {
    const { next } = feed;
    const page = await withBackoff(() => api.olderMessages(next, limit), { clock, onWaiting });
    // Meanwhile the list may have started afresh after a gap.
    if (feed.next !== next) return null;
    feed.append(page);
    return page.messages[0]?.id ?? null;
  }

  async function fillDownTo(id) {
    for (let pages = 0; pages < PAGES_BROUGHT_BACK && feed.next !== null && feed.messages.at(-1)?.id > id; pages += 1) {
      await appendPage({ limit: LARGE_PAGE });
    }
    update();
  }

  const nearEnd = new window.IntersectionObserver(
    ([{ isIntersecting }]) => isIntersecting && window.scrollY > 0 && !state.older.failure && !button.hidden && loadOlder(),
    { rootMargin: `0px 0px ${AHEAD} 0px` },
  );
  nearEnd.observe(button);

  function goTo(id) {
    const element = cards.get(id)?.article ?? title;
    element.focus({ preventScroll: true });
    element.scrollIntoView();
  }

  find('.messages__reveal').addEventListener('click', () => {
    feed.reveal();
    update();
    title.scrollIntoView();
    cards.get(feed.messages[0]?.id)?.article.focus({ preventScroll: true });
  });
  find('.messages__paused').addEventListener('click', onWanted);
  find('.messages__retry').addEventListener('click', refresh);
  button.addEventListener('click', loadOlder);

  return {
    update,
    refresh,
    fillDownTo,
    /** Brings a message into view, all of it, and gives it the focus; null stands for the list. */
    goTo(id) {
      cards.get(id)?.folding.unfold();
      goTo(id);
    },
    /** The cards that are shown, from top to bottom. */
    cards: () => feed.messages.map(({ id }) => cards.get(id)).filter(Boolean),
    setPaused(paused) {
      state.paused = paused;
      if (paused) announce(words.say('list.paused'));
      update();
    },

    /** Shows a message just posted from here, goes to it, and says what became of it. */
    addOwn(message, notice) {
      feed.reveal();
      feed.add(message);
      update();
      announce(words.sayAll([['post.done'], ...notice]));
      goTo(message.id);
    },

    /** Takes out a message that is gone; the keyboard goes on with what took its place. */
    removed(id) {
      const place = feed.messages.findIndex((message) => message.id === id);
      feed.remove(id);
      update();
      if (place < 0) return;
      const next = feed.messages[Math.min(place, feed.messages.length - 1)];
      if (next) cards.get(next.id).focus();
      else title.focus();
    },

    /** Loads anew what is shown: nobody knows which of it is gone. */
    async reload() {
      const oldest = feed.messages.at(-1)?.id;
      try {
        const page = await api.firstPageIfChanged({ anew: true });
        feed.clear();
        feed.offer(page);
        feed.reveal();
        if (oldest) await fillDownTo(oldest);
      } catch (error) {
        state.failure = error;
      }
      update();
      title.focus();
    },
  };
}
