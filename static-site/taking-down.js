// What moderators do about a message on the board itself: take it down, or all of its sender's.

import { emit } from './events.js';
import { explainAct } from './judging.js';

/** Emits `message-removed` and `messages-changed` on `page`. */
export function createTakingDown({ queue, api, session, removal, askForSender, announce, words, page }) {
  async function removeSender(message) {
    // All of a school may be one sender, so a moderator sees first what the removal takes.
    const sender = await removal.attempt(message, () => api.sender(message.id), explainAct);
    if (!sender || !(await askForSender(sender))) return;
    const count = await removal.attempt(message, () => api.removeSender(message.id), explainAct);
    if (count === null) return;
    announce([['acted.removeSender', { count }]]);
    queue.remember('removeSender', [message], { count });
    emit(page, 'message-removed', message);
    emit(page, 'messages-changed');
  }

  async function takeDown(message) {
    const outcome = await removal.attempt(message, () => api.takeDown(message.id), explainAct);
    if (outcome === null) return;
    announce([['acted.takeDown', { count: 1 }]]);
    if (outcome === 'done') queue.remember('takeDown', [message]);
    emit(page, 'message-removed', message);
  }

  return {
    /** Gives a message's card on the board what moderators can do about it. */
    dress(article, message) {
      const actions = article.querySelector('.message__actions');
      const mine = actions.querySelectorAll('.message__moderate');
      if (session.token === null) {
        for (const button of mine) button.remove();
        return;
      }
      if (mine.length > 0) return;
      for (const [key, action] of [['review.sender', removeSender], ['act.takeDown', takeDown]]) {
        const button = Object.assign(page.createElement('button'), { type: 'button', className: 'button button--quiet button--danger message__moderate' });
        button.dataset.say = key;
        button.textContent = words.say(key);
        button.addEventListener('click', () => void action(message));
        actions.append(button);
      }
    },
  };
}
