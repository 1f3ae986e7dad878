// Deleting messages of one's own, with the token of this device.

import { emit } from './events.js';
import { explainDelete } from './problems.js';

/** Emits `removal-changed` and `message-removed` on `page`. */
export function createRemoval({ api, tokens, words, confirm, announce, page }) {
  const busy = new Set();
  const problems = new Map();

  /**
   * Does `action` to a message, and shows at it that it is being done, or why it was not. Answers null then, or where
   * something is being done to it already.
   */
  async function attempt({ id }, action, explain = explainDelete) {
    if (busy.has(id)) return null;
    busy.add(id);
    problems.delete(id);
    emit(page, 'removal-changed');
    try {
      return await action();
    } catch (error) {
      problems.set(id, explain(error));
      return null;
    } finally {
      busy.delete(id);
      emit(page, 'removal-changed');
    }
  }

  return {
    attempt,

    /** What a message's card shows of its removal. */
    stateOf: (id) => ({
      mayDelete: tokens.of(id) !== null,
      busy: busy.has(id),
      problem: problems.get(id) ?? [],
    }),

    async remove(message) {
      const { id } = message;
      if (busy.has(id)) return;
      if (!(await confirm(words.say('confirm.message'), words.say('confirm.delete')))) return;
      const gone = await attempt(message, async () => {
        try {
          await api.remove(id, tokens.of(id));
        } catch (error) {
          // A message that is gone already is as was wanted.
          if (error.status !== 404) throw error;
        }
        return true;
      });
      if (!gone) return;
      tokens.drop(id);
      announce([['delete.done']]);
      emit(page, 'message-removed', message);
    },
  };
}
