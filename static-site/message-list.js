// The cards of the messages: shows those of the feed, and holds still what is read (scroll anchoring).

import { createMessage } from './message.js';

export function mountMessageList(list, { feed, card, window }) {
  const cards = new Map();

  /** Brings the cards in line with the feed, touching only what is different. */
  function update() {
    const { messages } = feed;
    const wanted = new Set(messages.map(({ id }) => id));
    const anchor = [...cards.values()].find(({ item, id }) => wanted.has(id) && item.getBoundingClientRect().bottom > 0);
    const before = anchor?.item.getBoundingClientRect().top ?? Infinity;

    for (const [id, { item }] of cards) {
      if (wanted.has(id)) continue;
      item.remove();
      cards.delete(id);
    }
    const withPicture = messages.find(({ picture }) => picture);
    messages.forEach((message, index) => {
      const { id } = message;
      if (!cards.has(id)) cards.set(id, { id, ...createMessage(message, card, { first: message === withPicture }) });
      const { item, update: updateCard } = cards.get(id);
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
      updateCard(card.stateOf(id));
    });

    // Where the list is further down, it is not what is read.
    const moved = before < window.innerHeight ? anchor.item.getBoundingClientRect().top - before : 0;
    if (moved !== 0 && window.scrollY > 0) window.scrollBy({ top: moved, behavior: 'instant' });
  }

  return {
    update,
    get: (id) => cards.get(id),
    /** The cards that are shown, from top to bottom. */
    all: () => feed.messages.map(({ id }) => cards.get(id)).filter(Boolean),
    isInView: () => list.getBoundingClientRect().top <= window.innerHeight,
  };
}
