// Moderating: `#moderate` asks for the moderator token, and shows what waits; `#moderate=CODE` signs in by a link. On the
// board itself moderators can take down what is there. Loaded where there is a token, or one is asked for.

import { addStyle } from './add-style.js';
import { emit } from './events.js';
import { createJudging } from './judging.js';
import { ModerationLog } from './moderation-log.js';
import { mountModerationBar } from './moderation-bar.js';
import { createModeratorApi } from './moderator-api.js';
import { createSession } from './moderator-session.js';
import { createOperatorsPictures } from './operators-pictures.js';
import { createPoller } from './poller.js';
import { Queue } from './queue.js';
import { ADDRESS, createReviewRoute } from './review-route.js';
import { addReviewWords } from './review-words.js';
import { mountReview } from './review.js';
import { mountSignIn } from './sign-in.js';
import { createTakingDown } from './taking-down.js';
import { toast } from './toast.js';

/** How often is looked what waits while the moderator is on the board: each time wakes the database. */
const COUNT_MS = 60_000;

/** Emits `moderator-changed`, `removal-changed`, `posting-changed`, `message-removed` and `messages-changed`. */
export async function mount(_, { api: boardApi, feed, removal, storage, tabStorage, activity, announce, confirm, clock, words, window }) {
  const page = window.document;
  await Promise.all([addReviewWords(words), addStyle(page, 'review.css')]);
  const session = createSession({ storage, tabStorage, clock });
  const api = createModeratorApi({ ask: boardApi.ask, messagesBefore: boardApi.olderMessages, session, onRefused: followSession });
  const queue = new Queue({ api });
  const root = add('aside', 'moderation-bar');
  const bar = mountModerationBar(root, { address: ADDRESS, state: () => ({ isModerating: session.token !== null, isReviewing: route.isShown }), queue, signOut, words, window });
  const signIn = mountSignIn(add('dialog', 'moderation'), { exchange: api.signIn, session, words, window });
  const view = add('main', 'review');
  const judging = createJudging({ queue, api, confirm, announce, words, view });
  const takingDown = createTakingDown({ queue, api, session, removal, askForSender: judging.askForSender, announce, words, page });
  const review = mountReview(view, { queue, judging, load: api.picture, loadOthers: api.others, log: new ModerationLog({ load: api.log }), openMessage, announce, words, clock, window });
  const operatorsPictures = createOperatorsPictures({ carrousel: page.querySelector('.carrousel'), section: view.querySelector('.review__pictures'), queue, api, session, attempt: judging.attempt, announce, words, page, window });
  const route = createReviewRoute({ view, review, queue, session, ask: () => signIn.ask(), onChange: bar.update, window });
  const poller = createPoller({ run: look, activity, clock });
  /** The token by which all that is shown was looked up. */
  let known = session.token;
  let countedAt = -Infinity;

  function add(name, className) {
    const element = Object.assign(page.createElement(name), { className, hidden: name !== 'dialog' });
    page.querySelector('.masthead').after(element);
    return element;
  }

  /** Does what follows where the session ended, was refused, or is another moderator's: nothing of the one before is left. */
  function followSession() {
    if (session.token === known) return;
    known = session.token;
    countedAt = -Infinity;
    queue.clear();
    emit(root, 'moderator-changed');
    if (route.isShown && known === null) route.leave();
    if (route.isShown) void queue.refresh();
    bar.update();
    if (known !== null) signIn.close();
    else if (session.lost) signIn.ask();
  }

  async function look() {
    followSession();
    if (session.token === null) return;
    if (route.isShown) return queue.refresh();
    if (clock.now() - countedAt < COUNT_MS) return;
    countedAt = clock.now();
    await queue.count();
  }

  async function openMessage(id) {
    const isThere = await boardApi.message(id).then(() => true, ({ status }) => status !== 404);
    if (isThere) window.location.hash = `#${id}`;
    else say('log.absent');
  }

  const say = (key) => toast(words.say(key), { clock, document: page });

  function signOut() {
    session.signOut();
    followSession();
    announce([['moderate.signed-out']]);
  }

  view.addEventListener('board-changed', ({ detail: { ids, areGone } }) => {
    for (const id of ids) feed[areGone ? 'remove' : 'revive'](id);
    // The wall lets go of its cards while it knows where they hang.
    emit(root, 'removal-changed');
    route.boardChanged();
  });
  signIn.onDone = () => {
    followSession();
    route.enter();
  };
  signIn.onUnneeded = () => {
    route.enter();
    say('moderate.unneeded');
  };
  view.addEventListener('moderation-left', route.leave);
  view.addEventListener('moderation-ended', signOut);
  view.addEventListener('sender-wanted', ({ detail }) => void judging.removeSender(detail));
  window.addEventListener('storage', (event) => {
    if (session.isSigningOut(event)) session.drop();
    followSession();
  });

  bar.update();
  // A sign-in link that is being followed may sign in, so nothing is asked then.
  if (session.lost && window.location.hash !== ADDRESS) signIn.ask();
  void poller.now();

  return {
    get token() {
      return session.token;
    },

    update() {
      words.fill(view);
      signIn.update();
      bar.update();
      review.update();
      operatorsPictures.update();
    },

    /** Shows what the address asks for, or signs in by the code of a link. */
    follow: (code) => (code === undefined ? route.follow() : void signIn.follow(code)),

    dress: takingDown.dress,
  };
}
