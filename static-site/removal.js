// Deleting messages: one's own with the token of this device, any with the moderator's.

import { describeSender, explainDelete } from './problems.js';

export function createRemoval({ api, tokens, moderation, words, confirm, announce, onChange, onRemoved, onSenderRemoved }) {
  const busy = new Set();
  const problems = new Map();

  /** Does `action` to a message, and shows at it that it is being done, or why it was not. */
  async function attempt({ id }, action, { moderating = !tokens.of(id) } = {}) {
    busy.add(id);
    problems.delete(id);
    onChange();
    try {
      return await action();
    } catch (error) {
      problems.set(id, explainDelete(error, { moderating }));
      return null;
    } finally {
      busy.delete(id);
      onChange();
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
      announce(words.say('delete.done'));
      onRemoved(message);
    },

    async removeSender(message) {
      const { id } = message;
      if (busy.has(id)) return;
      // A school is one sender, too: who removes it sees first what that takes.
      const sender = await attempt(message, () => api.sender(id, moderation.token), { moderating: true });
      if (!sender || !(await confirm(describeSender(sender).map((saying) => words.sayAll([saying])).join('\n'), words.say('confirm.remove')))) return;
      const answer = await attempt(message, () => api.removeSender(id, moderation.token), { moderating: true });
      if (!answer) return;
      announce(words.say('moderate.removed', { count: answer.removed }));
      onSenderRemoved(message);
    },
  };
}
