// What moderators do in their view: they are asked where something cannot be undone, and told what became of it.

import { emit } from './events.js';
import { isSignedOut } from './moderator-session.js';
import { explain } from './problems.js';

/** The acts that change what readers see. */
const PUBLIC = ['approve', 'restore', 'takeDown', 'removeSender', 'takePictureDown'];

/** Emits on `view` `moderated` after each act, `posting-changed`, and `board-changed`, with the ids of what is gone or may be back, where readers see something else now. */
export function createJudging({ queue, api, confirm, announce, words, view }) {
  /** Does something to messages of the queue; answers whether it is being done. */
  async function act(kind, messages) {
    if (messages.length === 0) return false;
    if (kind === 'forever' && !(await confirm(words.say('confirm.forever', { count: messages.length }), words.say('confirm.delete')))) return false;
    if (!queue.act(kind, messages)) return false;
    const { current } = queue;
    announce([[`acted.${kind}`, { count: messages.length }], ...(current ? [['review.now', { author: current.author ?? words.say('message.anonymous'), text: current.text.slice(0, 200) }]] : [])]);
    return true;
  }

  /** Answers what `action` does; null where it fails, which is told. */
  async function attempt(action) {
    try {
      const answer = await action();
      emit(view, 'moderated');
      return answer;
    } catch (error) {
      if (isSignedOut(error)) return null;
      announce(explainAct(error));
      queue.fail(error);
      return null;
    }
  }

  async function letIn(id) {
    await attempt(async () => {
      await queue.letIn(id);
      announce([['acted.letIn']]);
    });
  }

  async function setPosting(posting) {
    await attempt(async () => {
      await queue.setPosting(posting);
      announce([[`posted.${posting}`]]);
      emit(view, 'posting-changed');
    });
  }

  /** Asks whether to remove all that a sender posted, and says what that takes. Answers whether it is wanted. */
  async function askForSender(sender) {
    return confirm(describeSender(sender).map((saying) => words.sayAll([saying])).join('\n'), words.say('confirm.remove'));
  }

  async function removeSender(message) {
    if (queue.refused.includes(message.id)) return letIn(message.id);
    const sender = await attempt(() => api.sender(message.id));
    if (!sender || !(await askForSender(sender))) return;
    const count = await attempt(() => queue.removeSender(message));
    if (count === null) return;
    emit(view, 'board-changed', { ids: [] });
    announce([['acted.removeSender', { count }]]);
  }

  queue.addEventListener('failed', ({ detail }) => queue.fail(detail));
  queue.addEventListener('settled', ({ detail: { kind, done, outcomes } }) => {
    emit(view, 'moderated');
    if (PUBLIC.includes(kind)) emit(view, 'board-changed', { ids: done.map(({ id }) => id), areGone: kind === 'takeDown' });
    const other = sayOutcomes(outcomes);
    if (other.length > 0) announce(other);
  });
  queue.addEventListener('undone', ({ detail: { act: { kind }, done, outcomes } }) => {
    emit(view, 'moderated');
    announce([...(done.length > 0 ? [[`undone.${kind}`, { count: done.length }]] : []), ...sayOutcomes(outcomes)]);
    if (PUBLIC.includes(kind)) emit(view, 'board-changed', { ids: done.map(({ id }) => id) });
  });

  return { attempt, act, letIn, setPosting, removeSender, askForSender };
}

/** Says what became of the messages of which it is not known that the act was done. */
function sayOutcomes(outcomes) {
  return ['not-found', 'changed', 'lost', 'failed'].flatMap((outcome) => {
    const count = outcomes.filter((one) => one === outcome).length;
    return count > 0 ? [[`outcome.${outcome}`, { count }]] : [];
  });
}

/** Why something was not done to a message, or what follows from that instead. Who is signed out is told so where one signs in. */
export function explainAct(error, consequence = 'moderate.failed') {
  if (isSignedOut(error)) return [];
  return explain(error, consequence);
}

/** What removing a sender would take, as the board tells it, and the question whether to: a saying for each line. */
export function describeSender({ known, messages, authors, otherAuthors, anonymous, since }) {
  if (!known) return [['confirm.sender-unknown'], ['confirm.sender-message']];
  if (messages === 0) return [['confirm.sender-none'], ['confirm.sender-refuse']];
  const names = authors.length === 0 ? [] : [[otherAuthors > 0 ? 'confirm.sender-names-more' : 'confirm.sender-names', { names: authors, count: otherAuthors }]];
  return [
    ['confirm.sender-messages', { count: messages, moment: new Date(since) }],
    ...names,
    ...(anonymous > 0 ? [['confirm.sender-anonymous', { count: anonymous }]] : []),
    ['confirm.sender-shared'],
    ['confirm.sender'],
  ];
}
