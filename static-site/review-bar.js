// The lower edge of the moderators' view: what to do about the message being judged, or about those that are chosen, and
// what was done last, to be undone.

import { emit } from './events.js';
import { ACTS } from './review-acts.js';
import { put } from './words.js';

/** Emits `sender-wanted`. */
export function mountReviewBar(root, { queue, act, undo, words }) {
  const find = (selector) => root.querySelector(selector);

  for (const what of ['yes', 'no']) find(`.review__${what}`).addEventListener('click', () => void act(what));
  find('.review__undo').addEventListener('click', () => void undo());
  find('.review__none').addEventListener('click', () => {
    void queue.chooseAll(false);
    find('.review__all input').focus();
  });

  return {
    askForSender: (message) => emit(root, 'sender-wanted', message),

    update() {
      const { last, chosen, tab, list } = queue;
      const hasChosen = chosen.length > 0;
      const wasHidden = find('.review__last').hidden;
      const isAtUndo = root.ownerDocument.activeElement === find('.review__undo');
      find('.review__last').hidden = last === null;
      put(find('.review__last span'), last ? words.sayAll([sayingOf(last)]) : '');
      if (isAtUndo && last === null && !wasHidden) find('.review__panel').focus();
      find('.review__many').hidden = !hasChosen;
      put(find('.review__many span'), words.say('review.chosen', { count: chosen.length }));
      find('.review__acts').hidden = list.messages.length === 0;
      // An arrow stays focusable at the end of the list, so that the keyboard focus is not lost there.
      const at = list.messages.indexOf(queue.current);
      find('.review__previous').setAttribute('aria-disabled', String(at <= 0));
      find('.review__next').setAttribute('aria-disabled', String(at === list.messages.length - 1));
      root.classList.toggle('has-chosen', hasChosen);
      for (const what of ['yes', 'no']) {
        const button = find(`.review__${what}`);
        const kind = ACTS[tab][what];
        button.hidden = !kind;
        if (kind) put(button, words.say(`act.${kind}`));
      }
    },
  };
}

/** What was done last. */
export function sayingOf({ kind, messages, count = messages.length }) {
  return [`acted.${kind}`, { count }];
}
