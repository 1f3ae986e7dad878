// The messages, on the wall or in the list: newest first, older ones on demand, new ones without moving what is read.

import { isWaking } from './backoff.js';
import { emit } from './events.js';
import { mountMessageList } from './message-list.js';
import { LARGE_PAGE } from './pagination.js';
import { explainLoad } from './problems.js';
import { put } from './words.js';

/** Older messages are asked for when the end comes this near. */
const AHEAD = '800px';

/** Emits `messages-updated` and `refresh-wanted`. */
export function mountMessages(root, { pagination, feed, card, words, announce, window }) {
  const find = (selector) => root.querySelector(selector);
  const title = find('.messages__title');
  const older = find('.messages__older');
  const news = find('.messages__news');
  const list = mountMessageList(find('.messages__list'), { ruler: news, feed, card, onWhole: lookAhead, window });
  /** Whether the page no longer looks for what is new, since nobody was at it for long. */
  let paused = false;
  let said = [];

  function update() {
    list.update();
    updateNotes(find, { pagination, feed, words });
    updateNews(find, { pagination, feed, words, paused });
    find('.messages__said').hidden = said.length === 0;
    put(find('.messages__said'), words.sayAll(said));
    updateOlder(find, { pagination, feed, words });
    emit(root, 'messages-updated');
  }

  async function loadOlder() {
    if (pagination.older.loading) return;
    const byKeyboard = window.document.activeElement === older;
    const first = await pagination.loadOlder();
    // Where the button is gone, the keyboard goes on with the first message that the button brought.
    if (byKeyboard && first && older.hidden) list.get(first)?.focus();
    lookAhead();
  }

  /** Has the observer tell again whether the end of the list is near. */
  function lookAhead() {
    nearEnd.unobserve(older);
    nearEnd.observe(older);
  }

  // At the top of the page, older messages are loaded only where the screen has room for them.
  const isWanted = () => window.scrollY > 0 || window.document.documentElement.scrollHeight <= window.innerHeight;
  const nearEnd = new window.IntersectionObserver(
    (entries) => entries.at(-1).isIntersecting && isWanted() && !list.isBusy && !pagination.older.failure && !older.hidden && loadOlder(),
    { rootMargin: `0px 0px ${AHEAD} 0px` },
  );
  nearEnd.observe(older);
  window.addEventListener('scroll', lookAhead, { once: true, passive: true });

  // What is scrolled to stays clear of what floats.
  new window.ResizeObserver(() => window.document.documentElement.style.setProperty('--news', `${news.offsetHeight}px`)).observe(news);

  function show(id) {
    const element = list.get(id)?.article ?? title;
    element.focus({ preventScroll: true });
    element.scrollIntoView();
  }

  const refresh = () => pagination.refresh({ isRead: list.isRead });

  pagination.addEventListener('change', update);
  pagination.addEventListener('new-messages', ({ detail }) => announce([newMessages(detail)]));
  find('.messages__reveal').addEventListener('click', () => {
    feed.reveal();
    update();
    window.scrollTo({ top: 0, behavior: 'instant' });
    list.get(feed.messages[0]?.id)?.article.focus({ preventScroll: true });
  });
  find('.messages__said').addEventListener('click', () => {
    said = [];
    update();
  });
  find('.messages__paused').addEventListener('click', () => emit(root, 'refresh-wanted'));
  find('.messages__retry').addEventListener('click', refresh);
  older.addEventListener('click', loadOlder);

  return {
    update,
    refresh,
    relayout: list.relayout,
    anchor: list.anchor,
    bring: list.bring,
    setPaused(isPaused) {
      paused = isPaused;
      if (paused) announce([['list.paused']]);
      update();
    },

    /** Brings a message into view, all of it, and gives it the focus; null stands for the list. */
    goTo(id) {
      list.get(id)?.folding.unfold();
      show(id);
    },

    /** Shows a message just posted from here, goes to it, and says what became of it. */
    addOwn(message, notice) {
      feed.reveal();
      feed.add(message);
      update();
      announce([['post.done'], ...notice]);
      this.say(notice);
      show(message.id);
    },

    /** Says something to the eyes, until it is tapped or something else is to be said. */
    say(sayings) {
      said = sayings;
      update();
    },

    /** Takes out a message that is gone; the keyboard goes on with the one that took its place. */
    removed(id) {
      const index = feed.messages.findIndex((message) => message.id === id);
      feed.remove(id);
      update();
      if (index < 0) return;
      const next = feed.messages[Math.min(index, feed.messages.length - 1)];
      if (next) list.get(next.id).focus();
      else title.focus();
    },

    async reload() {
      await pagination.reload();
      title.focus();
    },
  };
}

const newMessages = ({ count, more }) => [more ? 'list.new-or-more' : 'list.new', { count }];

/** What stands in place of messages. */
function updateNotes(find, { pagination: { loaded, failure }, feed, words }) {
  find('.messages__loading').hidden = loaded || failure !== null;
  find('.messages__empty').hidden = !loaded || feed.messages.length > 0 || feed.waiting.count > 0;
  // What there is to read stays; only where there is nothing does the failure take its place.
  const failed = find('.messages__failure');
  failed.hidden = loaded || failure === null;
  failed.classList.toggle('note--error', failure !== null && !isWaking(failure));
  put(failed.firstElementChild, failure ? words.sayAll(explainLoad(failure)) : '');
  find('.messages__retry').hidden = failure !== null && isWaking(failure);
}

/** What floats above the list: what is new, else why nothing new comes. */
function updateNews(find, { pagination: { loaded, failure }, feed, words, paused }) {
  const { waiting } = feed;
  const isLost = loaded && failure !== null;
  const reveal = find('.messages__reveal');
  reveal.hidden = waiting.count === 0;
  put(reveal, words.sayAll([newMessages(waiting)]));
  find('.messages__paused').hidden = waiting.count > 0 || isLost || !paused;
  const lost = find('.messages__lost');
  lost.hidden = waiting.count > 0 || !isLost;
  put(lost, isLost ? words.say(isWaking(failure) ? 'load.waking' : 'list.offline') : '');
}

function updateOlder(find, { pagination, feed, words }) {
  const { loading, failure } = pagination.older;
  const button = find('.messages__older');
  button.hidden = feed.next === null || feed.messages.length === 0;
  button.setAttribute('aria-disabled', String(loading));
  put(button, words.say(loading ? 'list.loading-older' : 'list.older'));
  const note = find('.messages__older-note');
  note.classList.toggle('field__error', failure !== null);
  put(note, failure ? words.sayAll(explainLoad(failure)) : '');
  find('.messages__end').hidden = !pagination.loaded || feed.next !== null || feed.messages.length < LARGE_PAGE / 2;
}
