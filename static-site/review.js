// The moderators' view: what waits and what was taken down, one at a time on a narrow screen and as a list on a wide
// one, by keys and by thumb. It stands in place of the board, at `#moderate`.

import { explainAct } from './judging.js';
import { mark } from './mark.js';
import { ACTS } from './review-acts.js';
import { mountReviewBar } from './review-bar.js';
import { createReviewCards } from './review-cards.js';
import { mountReviewHead } from './review-head.js';
import { mountReviewLog } from './review-log.js';
import { setLanguage } from './text-language.js';
import { put } from './words.js';

const TEMPLATE = `
  <header class="review__head">
    <h1 class="review__title" tabindex="-1"><span data-say="review.title"></span> <bdi></bdi></h1>
    <button class="review__leave" type="button" data-say="review.board"></button>
    <button class="review__leave review__stop" type="button" data-say="review.stop"></button>
    <p class="review__who"></p>
  </header>
  <div class="review__tools">
    <div class="review__tabs" role="tablist" data-say-label="review.tabs">
      <button class="review__tab" type="button" role="tab" id="review-held" aria-controls="review-panel" data-tab="held"><span data-say="review.held"></span> <span class="review__count"></span></button>
      <button class="review__tab" type="button" role="tab" id="review-removed" aria-controls="review-panel" data-tab="removed"><span data-say="review.removed"></span> <span class="review__count"></span></button>
      <button class="review__tab" type="button" role="tab" id="review-posted" aria-controls="review-panel" data-tab="posted"><span data-say="review.posted"></span> <span class="review__count"></span></button>
    </div>
    <div class="review__posting" role="group" data-say-label="posting.label">
      <button type="button" data-posting="open"></button>
      <button type="button" data-posting="reviewed"></button>
      <button type="button" data-posting="closed"></button>
    </div>
  </div>
  <div class="review__panel" role="tabpanel" id="review-panel" tabindex="-1">
    <div class="review__choosing">
      <label class="review__all"><input type="checkbox"> <span></span></label>
      <span class="review__place"></span>
      <button class="button button--quiet review__help-wanted" type="button" data-say="review.keys"></button>
    </div>
    <p class="review__failure note note--error" role="alert" hidden></p>
    <p class="review__note note" tabindex="-1" hidden></p>
    <ol class="review__list" role="list"></ol>
    <button class="button review__more" type="button" data-say="review.more" hidden></button>
    <section class="review__pictures" aria-labelledby="review-pictures-title" hidden>
      <h2 id="review-pictures-title" data-say="review.pictures"></h2>
      <ul role="list"></ul>
    </section>
    <details class="review__log">
      <summary data-say="review.log"></summary>
      <p role="status"></p>
      <ol role="list"></ol>
      <button class="button" type="button" data-say="review.more" hidden></button>
    </details>
    <section class="review__refused" aria-labelledby="review-refused-title" hidden>
      <h2 id="review-refused-title" data-say="review.refused"></h2>
      <ul role="list"></ul>
    </section>
  </div>
  <div class="review__bar">
    <p class="review__last" hidden><span></span> <button class="button review__undo" type="button" data-say="review.undo"></button></p>
    <p class="review__many" hidden><span></span> <button class="button button--quiet review__none" type="button" data-say="review.none"></button></p>
    <div class="review__acts" role="group" data-say-label="review.acts">
      <button class="button review__previous" type="button" data-say-label="review.previous"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M15 5l-7 7 7 7"/></svg></button>
      <button class="button button--danger review__no" type="button"></button>
      <button class="button button--primary review__yes" type="button"></button>
      <button class="button review__next" type="button" data-say-label="review.next"><svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 5l7 7-7 7"/></svg></button>
    </div>
  </div>
  <dialog class="confirmation review__help" aria-labelledby="review-help-title">
    <h2 id="review-help-title" data-say="review.keys"></h2>
    <dl></dl>
    <form class="confirmation__choices" method="dialog"><button class="button" data-say="review.close"></button></form>
  </dialog>`;

const KEYS = { a: 'yes', r: 'no', j: 1, k: -1, u: 'undo', x: 'choose', '?': 'help' };

/** How long nothing is decided after another message took the place of the one being judged. */
const SURPRISED_FOR_MS = 800;

/**
 * Emits what `moderation.js` listens to: `moderation-left`, `moderation-ended`, `sender-wanted`.
 * @param load answers a message's picture as a `Blob`
 * @param loadOthers answers what the sender of a message posted beside it
 * @param log what moderators did
 * @param openMessage shows a message on the board, where it is there
 */
export function mountReview(root, { queue, judging, load, loadOthers, log, openMessage, announce, words, clock, window }) {
  const page = window.document;
  root.innerHTML = TEMPLATE;
  const find = (selector) => root.querySelector(selector);
  const list = find('.review__list');
  const cards = createReviewCards(list, { queue, load, loadOthers, words, clock, window });
  const head = mountReviewHead(root, { queue, setPosting: judging.setPosting, words, window });
  const logView = mountReviewLog(find('.review__log'), { log, view: root, open: openMessage, words, page });
  const bar = mountReviewBar(root, { queue, act: doBoth, undo: () => queue.undo(), words });
  /** When somebody else decided on what was being judged. */
  let surprisedAt = -Infinity;

  const update = () => root.hidden || render();

  function render() {
    head.update();
    bar.update();
    logView.update();
    cards.update();
    updateNotes(find, { queue, words });
    updateRefused(find('.review__refused'), { queue, words, letIn: judging.letIn });
  }

  /** @param by `key`, `card` or `bar`: where the keyboard goes after that */
  async function doBoth(what, { messages = queue.judged, by = 'bar' } = {}) {
    if (!ACTS[queue.tab][what]) return;
    // Meant for what was there a moment ago.
    if (by !== 'card' && queue.chosen.length === 0 && clock.now() - surprisedAt < SURPRISED_FOR_MS) return;
    const hadFocus = by === 'bar' || list.contains(page.activeElement) || page.activeElement === page.body;
    const isDone = await judging.act(ACTS[queue.tab][what], messages);
    if (isDone && hadFocus) goOn(by);
  }

  /** After an act: to the message that is judged next. */
  function goOn(by) {
    find('.review__panel').scrollTo(0, 0);
    const { current } = queue;
    if (!current) return find('.review__note').focus();
    // Whoever acts by the bar stays there, and hears what comes next.
    if (by === 'bar' && page.activeElement?.closest('.review__bar')) return;
    cards.focus(current.id);
  }

  function step(by) {
    queue.step(by);
    if (queue.current) goOn('key');
  }

  const byKey = {
    yes: () => doBoth('yes', { by: 'key' }),
    no: () => doBoth('no', { by: 'key' }),
    undo: () => queue.undo(),
    choose: () => queue.current && queue.choose(queue.current.id, !queue.list.chosen.has(queue.current.id)),
    help: () => openHelp(find('.review__help'), words),
  };

  page.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey, repeat } = event;
    const what = KEYS[key];
    if (root.hidden || what === undefined || ctrlKey || metaKey || altKey || page.querySelector('dialog[open]')) return;
    if (target.matches('input:not([type="checkbox"]), select, textarea')) return;
    event.preventDefault();
    if (typeof what === 'number') step(what);
    // A key that is held down by mistake decides once.
    else if (!repeat) void byKey[what]();
  });
  root.addEventListener('review-act', ({ detail: { message, what } }) => {
    if (what === 'sender') return void bar.askForSender(message);
    void doBoth(what, { messages: [message], by: 'card' });
  });
  root.addEventListener('review-chosen', ({ detail: { id, isChosen, isRange } }) => queue.choose(id, isChosen, { isRange }));
  root.addEventListener('review-judged', ({ detail }) => queue.judge(detail));
  find('.review__all input').addEventListener('change', ({ target }) => void queue.chooseAll(target.checked).catch(() => {}));
  find('.review__more').addEventListener('click', () => void queue.more().catch(() => {}));
  find('.review__help-wanted').addEventListener('click', () => byKey.help());
  for (const [name, by] of [['previous', -1], ['next', 1]]) {
    find(`.review__${name}`).addEventListener('click', ({ currentTarget }) => {
      if (currentTarget.getAttribute('aria-disabled') === 'true') return;
      queue.step(by);
      find('.review__panel').scrollTo(0, 0);
      if (queue.current) announce([['review.now', { author: queue.current.author ?? words.say('message.anonymous'), text: queue.current.text.slice(0, 200) }]]);
    });
  }
  queue.addEventListener('change', update);
  queue.addEventListener('cleared', () => {
    logView.clear();
    // Nothing is left in the page, either.
    render();
  });
  queue.addEventListener('surprised', () => {
    surprisedAt = clock.now();
    announce([['outcome.changed', { count: 1 }]]);
  });

  return {
    update,
    show(isShown) {
      root.hidden = !isShown;
      if (!isShown) return;
      words.fill(root);
      update();
      find('.review__title').focus();
    },
  };
}

const EMPTY = { held: 'review.empty', removed: 'review.empty-removed', posted: 'review.empty-posted' };

function updateNotes(find, { queue, words }) {
  const { list, failure, fault, tab, current } = queue;
  const failed = find('.review__failure');
  const sayings = [...(fault ? explainAct(fault) : []), ...(failure && !fault ? explainAct(failure, 'review.unread') : [])];
  failed.hidden = sayings.length === 0;
  put(failed, words.sayAll(sayings));
  const note = find('.review__note');
  note.hidden = list.messages.length > 0 || (failure !== null && !list.loaded);
  put(note, words.say(list.loaded ? EMPTY[tab] : 'list.loading'));
  find('.review__more').hidden = list.next === null;
  find('.review__choosing').hidden = list.messages.length === 0;
  const all = find('.review__all input');
  const isWhole = list.next === null || tab === 'posted';
  all.checked = isWhole && list.messages.length > 0 && list.messages.every(({ id }) => list.chosen.has(id));
  all.indeterminate = !all.checked && list.chosen.size > 0;
  // Of the board's messages none are chosen that were not seen.
  put(find('.review__all span'), words.say(tab === 'posted' && list.next !== null ? 'review.newest' : 'review.all', { count: list.messages.length }));
  const count = queue.countOf(tab);
  const total = count === null ? `${list.messages.length.toLocaleString(words.locale)}+` : Math.max(count, list.messages.length);
  put(find('.review__place'), current ? words.say('review.place', { number: list.messages.indexOf(current) + 1, total }) : '');
}

/** Who is refused; each by a message, of which nothing may be left. */
function updateRefused(section, { queue, words, letIn }) {
  const { refused, tab, lists } = queue;
  section.hidden = tab !== 'removed' || refused.length === 0;
  const shown = JSON.stringify([refused, words.language, lists.removed.messages.length]);
  if (section.dataset.shown === shown) return;
  section.dataset.shown = shown;
  const items = refused.map((id) => {
    const message = lists.removed.messages.find((one) => one.id === id);
    const item = section.ownerDocument.createElement('li');
    const name = section.ownerDocument.createElement('bdi');
    name.textContent = message?.author ?? words.say(message ? 'message.anonymous' : 'review.someone');
    setLanguage(name, words.languages);
    const button = section.ownerDocument.createElement('button');
    Object.assign(button, { className: 'button', type: 'button', textContent: words.say('review.let-in') });
    button.addEventListener('click', () => void letIn(id));
    item.append(mark(message?.author ?? null), name, button);
    return item;
  });
  section.querySelector('ul').replaceChildren(...items);
}

function openHelp(dialog, words) {
  const rows = Object.keys(KEYS).flatMap((key) => {
    const [term, meaning] = ['dt', 'dd'].map((name) => dialog.ownerDocument.createElement(name));
    const kbd = dialog.ownerDocument.createElement('kbd');
    kbd.textContent = key;
    term.append(kbd);
    meaning.textContent = words.say(`key.${KEYS[key]}`);
    return [term, meaning];
  });
  dialog.querySelector('dl').replaceChildren(...rows);
  dialog.showModal();
}
