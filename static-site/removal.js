// Deleting messages: one's own with the token of this device, any with the moderator's.

import { emit } from './events.js';
import { explainDelete } from './problems.js';

/** Emits `removal-changed`, `message-removed` and `sender-removed` on `page`. */
export function createRemoval({ api, tokens, moderation, words, confirm, announce, page }) {
  const busy = new Set();
  const problems = new Map();

  /** Does `action` to a message, and shows at it that it is being done, or why it was not. */
  async function attempt({ id }, action, { moderating = !tokens.of(id) } = {}) {
    busy.add(id);
    problems.delete(id);
    emit(page, 'removal-changed');
    try {
      return await action();
    } catch (error) {
      problems.set(id, explainDelete(error, { moderating }));
      return null;
    } finally {
      busy.delete(id);
      emit(page, 'removal-changed');
    }
  }

  return {
    /** What a message's card shows of all this. */
    stateOf: (id) => ({
      mayDelete: tokens.of(id) !== null || moderation.token !== null,
      mayRemoveSender: moderation.token !== null,
      busy: busy.has(id),
      problem: problems.get(id) ?? [],
    }),

    async remove(message) {
      const { id } = message;
      if (busy.has(id)) return;
      if (!(await confirm(words.say('confirm.message'), words.say('confirm.delete')))) return;
      const gone = await attempt(message, async () => {
        try {
          await api.remove(id, tokens.of(id) ?? moderation.token);
        } catch (error) {
          // Gone already is what was wanted.
          if (error.status !== 404) throw error;
        }
        return true;
      });
      if (!gone) return;
      tokens.drop(id);
      announce([['delete.done']]);
      emit(page, 'message-removed', message);
    },

    async removeSender(message) {
      const { id } = message;
      if (busy.has(id)) return;
      // A school is one sender, too: who removes it sees first what that takes.
      const sender = await attempt(message, () => api.sender(id, moderation.token), { moderating: true });
      if (!sender) return;
      const { describeSender } = await import('./moderation.js');
      if (!(await confirm(describeSender(sender).map((saying) => words.sayAll([saying])).join('\n'), words.say('confirm.remove')))) return;
      const answer = await attempt(message, () => api.removeSender(id, moderation.token), { moderating: true });
      if (!answer) return;
      announce([['moderate.removed', { count: answer.removed }]]);
      emit(page, 'sender-removed', message);
    },
  };
}
