// Moderating: `#moderate` asks for the moderator token, and shows what waits; `#moderate=CODE` signs in by a link. On the
// board itself moderators can take down what is there. Loaded where there is a token, or one is asked for.

import { addStyle } from './add-style.js';
import { emit } from './events.js';
import { createJudging } from './judging.js';
import { createModeratorApi } from './moderator-api.js';
import { createSession } from './moderator-session.js';
import { createOperatorsPictures } from './operators-pictures.js';
import { createPoller } from './poller.js';
import { Queue } from './queue.js';
import { sayingOf } from './review-bar.js';
import { countOf } from './review-head.js';
import { addReviewWords } from './review-words.js';
import { mountReview } from './review.js';
import { mountSignIn } from './sign-in.js';
import { createTakingDown } from './taking-down.js';
import { put } from './words.js';

const ADDRESS = '#moderate';
/** How often is looked what waits while the moderator is on the board: each time wakes the database. */
const COUNT_MS = 60_000;

const BAR = `
  <p><span data-say="moderate.on"></span> <span class="moderation-bar__last"></span></p>
  <div class="moderation-bar__buttons">
    <button class="button moderation-bar__undo" type="button" data-say="review.undo" hidden></button>
    <a class="button moderation-bar__queue" href="${ADDRESS}"></a>
    <button class="button moderation-bar__stop" type="button" data-say="moderate.stop"></button>
  </div>`;

/** Emits `moderator-changed`, `posting-changed`, `message-removed` and `messages-changed`. */
export async function mount(_, { api: boardApi, feed, removal, storage, tabStorage, activity, announce, confirm, clock, words, window }) {
  const page = window.document;
  await Promise.all([addReviewWords(words), addStyle(page, 'review.css')]);
  const session = createSession({ storage, tabStorage, clock });
  const api = createModeratorApi({ ask: boardApi.ask, session });
  const queue = new Queue({ api });
  const bar = add('aside', 'moderation-bar', BAR);
  bar.setAttribute('aria-label', words.say('moderate.on'));
  const signIn = mountSignIn(add('dialog', 'moderation', ''), { exchange: api.signIn, session, words, window });
  const view = add('main', 'review', '');
  const judging = createJudging({ queue, api, confirm, announce, words, view });
  const takingDown = createTakingDown({ queue, api, session, removal, askForSender: judging.askForSender, announce, words, page });
  const review = mountReview(view, { queue, judging, load: api.picture, loadOthers: api.others, loadLog: api.log, announce, words, clock, window });
  const operatorsPictures = createOperatorsPictures({ carrousel: page.querySelector('.carrousel'), section: view.querySelector('.review__pictures'), queue, api, session, attempt: judging.attempt, announce, words, page, window });
  const poller = createPoller({ run: look, activity, clock });
  /** Where the reader was on the board, and whether what is on it is another by now. */
  let scrolled = 0;
  let isStale = false;
  let countedAt = -Infinity;

  function add(name, className, html) {
    const element = Object.assign(page.createElement(name), { className, hidden: name !== 'dialog', innerHTML: html });
    page.querySelector('.masthead').after(element);
    return element;
  }

  const isShown = () => !view.hidden;

  function update() {
    const isModerating = session.token !== null;
    bar.hidden = !isModerating || isShown();
    const { last, counts } = queue;
    words.fill(bar);
    put(bar.querySelector('.moderation-bar__last'), last ? words.sayAll([sayingOf(last)]) : '');
    bar.querySelector('.moderation-bar__undo').hidden = last === null;
    put(bar.querySelector('.moderation-bar__queue'), words.say('review.queue', { total: counts ? countOf(counts.held, words) : '' }).trim());
    // The title is told by the board's name; what waits stands before it.
    const name = page.title.replace(/^\(\d[\d,.]*\+?\) /, '');
    const title = isModerating && counts?.held > 0 ? `(${countOf(counts.held, words)}) ${name}` : name;
    if (page.title !== title) page.title = title;
  }

  async function look() {
    if (session.token === null) return;
    if (isShown()) return queue.refresh();
    if (clock.now() - countedAt < COUNT_MS) return;
    countedAt = clock.now();
    await queue.count();
  }

  /** Shows the view or the board, as the address says. */
  function follow() {
    const isWanted = window.location.hash === ADDRESS;
    if (isWanted && session.token === null) return signIn.ask();
    if (isWanted === isShown()) return;
    if (isWanted) scrolled = window.scrollY;
    for (const element of page.querySelectorAll('.masthead, .board')) element.hidden = isWanted;
    page.documentElement.classList.toggle('is-reviewing', isWanted);
    review.show(isWanted);
    update();
    if (isWanted) return void queue.refresh();
    window.scrollTo(0, scrolled);
    if (isStale) emit(bar, 'messages-changed');
    isStale = false;
  }

  function leave() {
    window.history.pushState(null, '', window.location.pathname + window.location.search);
    follow();
  }

  function end() {
    session.drop();
    operatorsPictures.update();
    if (isShown()) leave();
    update();
    emit(bar, 'moderator-changed');
  }

  queue.addEventListener('change', update);
  view.addEventListener('board-changed', ({ detail: { ids } }) => {
    for (const id of ids) feed.revive(id);
    if (isShown()) isStale = true;
    else emit(bar, 'messages-changed');
  });
  signIn.onDone = () => {
    operatorsPictures.update();
    emit(bar, 'moderator-changed');
    if (window.location.hash !== ADDRESS) window.history.pushState(null, '', ADDRESS);
    follow();
  };
  bar.querySelector('.moderation-bar__undo').addEventListener('click', () => void queue.undo());
  bar.querySelector('.moderation-bar__stop').addEventListener('click', end);
  view.addEventListener('moderation-left', leave);
  view.addEventListener('moderation-ended', end);
  view.addEventListener('sender-wanted', ({ detail }) => void judging.removeSender(detail));
  window.addEventListener('popstate', follow);
  // What is scrolled to, and what sticks to the top, stays clear of it.
  new window.ResizeObserver(() => page.documentElement.style.setProperty('--bar', `${bar.offsetHeight}px`)).observe(bar);
  // The board's name may come later than this.
  new window.MutationObserver(update).observe(page.querySelector('title'), { childList: true });

  update();
  // A link that is being followed may sign in.
  if (session.hasEnded && window.location.hash !== ADDRESS) signIn.ask();
  void poller.now();

  return {
    get token() {
      return session.token;
    },

    update() {
      words.fill(view);
      signIn.update();
      update();
      review.update();
      operatorsPictures.update();
    },

    /** Shows what the address asks for, or signs in by the code of a link. */
    follow: (code) => (code ? void signIn.follow(code) : follow()),

    dress: takingDown.dress,
  };
}
