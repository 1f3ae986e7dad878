// The cards that are in the page.

import { createMessage } from './message.js';

const heightOf = ({ item }) => item.getBoundingClientRect().height;

/**
 * @param room answers how wide a card is, and the screen
 * @param onHeights is told of cards, by their ids, that are higher or lower than they were perhaps
 */
export function createCards(list, { feed, card, room, onHeights, window }) {
  const cards = new Map();
  /** The ids of the messages whose long text the viewer has unfolded. */
  const unfolded = new Set();
  const heights = new window.ResizeObserver((entries) => onHeights(entries.map(({ target }) => target.firstElementChild.id).filter((id) => cards.has(id))));

  return {
    has: (id) => cards.has(id),
    get: (id) => cards.get(id),
    all: () => [...cards],
    heightOf: (id) => (cards.has(id) ? heightOf(cards.get(id)) : undefined),
    isUnfolded: (id) => cards.get(id)?.folding.isUnfolded ?? unfolded.has(id),

    /** Puts a message's card into the page, after all others. */
    make(message) {
      const { id } = message;
      const first = message === feed.messages.find(({ picture }) => picture);
      const made = createMessage(message, { ...card, room }, { unfolded: unfolded.has(id), first });
      made.update(card.stateOf(id));
      cards.set(id, made);
      list.append(made.item);
      heights.observe(made.item);
      return made;
    },

    drop(id) {
      const shown = cards.get(id);
      if (!shown) return;
      if (shown.folding.isUnfolded) unfolded.add(id);
      else unfolded.delete(id);
      heights.unobserve(shown.item);
      shown.item.remove();
      cards.delete(id);
    },

    update() {
      for (const [id, shown] of cards) shown.update(card.stateOf(id));
    },
  };
}
