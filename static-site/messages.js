// The list of messages: newest first, older ones on demand, new ones without moving what is read.

import { createMessage } from './message.js';
import { explainDelete, explainLoad } from './problems.js';

/**
 * @param confirm asks the viewer a question; its promise is the answer
 * @param announce says something to those who do not see it
 * @param onChange called after the list has changed
 * @param onDeleted called with a message deleted from here
 */
export function mountMessages(root, { api, feed, tokens, template, confirm, announce, onChange, onDeleted }) {
  const find = (selector) => root.querySelector(selector);
  const title = find('.messages__title');
  const list = find('.messages__list');
  const cards = new Map();

  const state = {
    loaded: false,
    /** Why the first page could not be loaded, in words. */
    failure: '',
    older: { loading: false, failure: '' },
    deleting: new Set(),
    problems: new Map(),
  };

  function update() {
    const { loaded, failure, older } = state;
    const shown = feed.messages;
    showCards(shown);

    find('.messages__loading').hidden = loaded || failure !== '';
    find('.messages__empty').hidden = !loaded || shown.length > 0 || feed.waiting.count > 0;
    // Once there is something to read, a refresh that fails is no news: the next one may do.
    const failed = find('.messages__failure');
    failed.hidden = loaded || failure === '';
    if (failed.firstElementChild.textContent !== failure) failed.firstElementChild.textContent = failure;

    const { count, more } = feed.waiting;
    const reveal = find('.messages__reveal');
    reveal.hidden = count === 0;
    reveal.textContent = newMessages(count, more);

    const button = find('.messages__older');
    button.hidden = feed.next === null || shown.length === 0;
    button.setAttribute('aria-disabled', String(older.loading));
    button.textContent = older.loading ? 'Loading…' : 'Older messages';
    find('.messages__older-error').textContent = older.failure;
    onChange();
  }

  /** Brings the list in line with `shown`, touching only what is different. */
  function showCards(shown) {
    const wanted = new Set(shown.map(({ id }) => id));
    for (const [id, card] of cards) {
      if (wanted.has(id)) continue;
      card.item.remove();
      cards.delete(id);
    }
    shown.forEach((message, index) => {
      const { id } = message;
      if (!cards.has(id)) cards.set(id, createMessage(template, message, { onDelete: remove }));
      const card = cards.get(id);
      if (list.children[index] !== card.item) list.insertBefore(card.item, list.children[index] ?? null);
      card.update({
        own: tokens.of(id) !== null,
        deleting: state.deleting.has(id),
        problem: state.problems.get(id) ?? '',
      });
    });
  }

  /** Asks for the first page again. What is new is shown at once only where nobody is reading. */
  async function refresh() {
    let page;
    try {
      page = await api.firstPageIfChanged();
    } catch (error) {
      state.failure = explainLoad(error);
      return update();
    }
    if (page) {
      const { count: before } = feed.waiting;
      feed.offer(page);
      const { count, more } = feed.waiting;
      if (state.loaded && count > before) announce(newMessages(count, more));
      if (!state.loaded || !isBeingRead()) feed.reveal();
    }
    state.loaded = true;
    state.failure = '';
    update();
  }

  const isBeingRead = () => window.scrollY > 0 || list.contains(document.activeElement);

  async function loadOlder() {
    if (state.older.loading) return;
    state.older = { loading: true, failure: '' };
    update();
    const { next } = feed;
    let page;
    try {
      page = await api.olderMessages(next);
    } catch (error) {
      state.older = { loading: false, failure: explainLoad(error) };
      return update();
    }
    state.older = { loading: false, failure: '' };
    // Meanwhile the list may have started afresh after a gap.
    if (feed.next === next) feed.append(page);
    update();
    // Where the button is gone, reading goes on with the first message it brought.
    const first = page.messages.find(({ id }) => cards.has(id));
    if (feed.next === null && first) cards.get(first.id).focus();
  }

  async function remove({ id, picture, text }) {
    if (state.deleting.has(id)) return;
    const what = picture && text ? 'this message and its picture' : picture ? 'this picture' : 'this message';
    if (!(await confirm(`Delete ${what} for everyone? This cannot be undone.`))) return;
    state.deleting.add(id);
    state.problems.delete(id);
    update();
    try {
      await api.remove(id, tokens.of(id));
    } catch (error) {
      // Gone already is what was wanted.
      if (error.status !== 404) {
        state.deleting.delete(id);
        state.problems.set(id, explainDelete(error));
        return update();
      }
    }
    const place = feed.messages.findIndex((message) => message.id === id);
    state.deleting.delete(id);
    feed.remove(id);
    tokens.drop(id);
    update();
    announce('Message deleted.');
    focusAt(place);
    onDeleted({ id, picture });
  }

  /** Focuses what took the place of a message that is gone, so that the keyboard stays put. */
  function focusAt(place) {
    const message = feed.messages[Math.min(place, feed.messages.length - 1)];
    if (message) cards.get(message.id).focus();
    else title.focus();
  }

  find('.messages__reveal').addEventListener('click', () => {
    feed.reveal();
    update();
    title.scrollIntoView();
    cards.get(feed.messages[0]?.id)?.focus();
  });
  find('.messages__older').addEventListener('click', loadOlder);
  find('.messages__retry').addEventListener('click', refresh);

  return {
    update,
    refresh,
    /** Shows a message just posted from here, and goes to it. */
    addOwn(message) {
      feed.reveal();
      feed.add(message);
      update();
      announce('Your message is on the board.');
      cards.get(message.id)?.focus();
    },
  };
}

function newMessages(count, more) {
  return `${count}${more ? '+' : ''} new ${count === 1 && !more ? 'message' : 'messages'}`;
}
