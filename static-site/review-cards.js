// The messages of the queue's list, as cards: each is made when it comes to be shown.

import { placeAt } from './children.js';
import { ACTS } from './review-acts.js';
import { createReviewCard } from './review-card.js';

/**
 * @param load answers a message's picture as a `Blob`
 * @param loadOthers answers what the sender of a message posted beside it
 */
export function createReviewCards(list, { queue, load, loadOthers, words, clock, window }) {
  const cards = new Map();
  /** Which list the cards are of: in another list the same message has another card. */
  let shown = null;
  const seen = new window.IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) cards.get(target.firstElementChild.dataset.id)?.showPicture();
  }, { rootMargin: '400px' });

  function drop(id) {
    const { item, forget } = cards.get(id);
    seen.unobserve(item);
    item.remove();
    forget();
    cards.delete(id);
  }

  function make(message) {
    const { id } = message;
    cards.set(id, createReviewCard(message, { load: () => load(id), loadOthers: () => loadOthers(id), words, clock, page: window.document }));
    seen.observe(cards.get(id).item);
  }

  return {
    focus(id) {
      const { article } = cards.get(id);
      article.focus({ preventScroll: true });
      article.scrollIntoView({ block: 'nearest' });
    },

    update() {
      const { messages, chosen, problems } = queue.list;
      const wanted = new Set(messages.map(({ id }) => id));
      for (const id of [...cards.keys()]) if (queue.tab !== shown || !wanted.has(id)) drop(id);
      shown = queue.tab;
      messages.forEach((message, index) => {
        const { id } = message;
        if (!cards.has(id)) make(message);
        const { item, update } = cards.get(id);
        placeAt(list, index, item);
        update({
          isCurrent: message === queue.current,
          isChosen: chosen.has(id),
          problem: problems.has(id) ? [['outcome.failed', { count: 1 }]] : [],
          says: saysOf(message, queue),
        });
      });
      // The next message's card is made before it is wanted.
      const next = messages[messages.indexOf(queue.current) + 1];
      if (next) void cards.get(next.id).showPicture();
    },
  };
}

/** What a card says, by its parts. */
function saysOf({ status, id }, { tab, refused, list: { chosen } }) {
  const { yes, no } = ACTS[tab];
  const letIn = refused.includes(id) ? ['review.let-in'] : null;
  return {
    yes: yes ? [`act.${yes}`] : null,
    no: [`act.${no}`],
    through: tab === 'posted' && chosen.size > 0 && !chosen.has(id) ? ['review.through'] : null,
    sender: tab === 'removed' ? letIn : ['review.sender'],
    status: tab === 'removed' ? [`status.${status}`] : null,
  };
}
