// One message as moderators judge it: all of its words, its picture and what that is said to show.

import { emit } from './events.js';
import { explainAct } from './judging.js';
import { withLinks } from './links.js';
import { mark } from './mark.js';
import { describe } from './picture.js';
import { moves, point, versionsOf } from './small.js';
import { setLanguage } from './text-language.js';
import { relativeTime, exactTime } from './time.js';
import { put } from './words.js';

const TEMPLATE = `
  <li class="review__item">
    <article class="review-card" tabindex="-1">
      <header class="review-card__head">
        <h2 class="review-card__author"><bdi></bdi></h2>
        <p class="review-card__when"><time></time> <span class="review-card__status"></span></p>
        <label class="review-card__choose"><input type="checkbox"><span class="visually-hidden" data-say="review.choose"></span></label>
      </header>
      <p class="review-card__text" dir="auto"></p>
      <div class="review-card__picture" hidden>
        <img alt="" decoding="async">
        <button class="button review-card__play" type="button" hidden></button>
        <p class="review-card__broken" hidden data-say="picture.broken"></p>
      </div>
      <p class="review-card__alt" hidden><span data-say="review.alt"></span> <bdi></bdi></p>
      <p class="field__error review-card__error" role="alert"></p>
      <div class="review-card__acts">
        <button class="button button--primary review-card__yes" type="button"></button>
        <button class="button button--danger review-card__no" type="button"></button>
        <button class="button button--quiet review-card__through" type="button"></button>
        <button class="button button--quiet review-card__sender" type="button"></button>
      </div>
      <details class="review-card__others">
        <summary data-say="review.others"></summary>
        <p role="status"></p>
        <ul role="list"></ul>
      </details>
    </article>
  </li>`;

/**
 * Emits `review-act` with `yes`, `no` or `sender`, `review-chosen`, and `review-judged` when the pointer or the keyboard
 * come to it.
 * @param load answers the message's picture as a `Blob`
 * @param loadOthers answers what its sender posted beside it
 */
export function createReviewCard(message, { load, loadOthers, words, clock, page }) {
  const holder = page.createElement('template');
  holder.innerHTML = TEMPLATE;
  const item = holder.content.firstElementChild;
  const article = item.firstElementChild;
  const find = (selector) => article.querySelector(selector);
  const { id } = message;
  const author = find('.review-card__author');
  const time = find('time');
  const createdAt = new Date(message.createdAt);
  const box = find('input');
  author.id = `review-${id}`;
  article.setAttribute('aria-labelledby', author.id);
  article.dataset.id = id;
  for (const control of [box, ...article.querySelectorAll('button')]) control.setAttribute('aria-describedby', author.id);
  author.classList.toggle('review-card__author--none', message.author === null);
  find('.review-card__head').prepend(mark(message.author));
  time.dateTime = message.createdAt;
  const text = find('.review-card__text');
  text.replaceChildren(...withLinks(message.text));
  text.hidden = message.text === '';
  /** What is shown now: most updates change nothing. */
  let shown = '';
  const picture = preparePicture(message, { find, load, words });
  const others = prepareOthers(find('.review-card__others'), { load: loadOthers, words, page });

  for (const what of ['yes', 'no', 'sender']) {
    find(`.review-card__${what}`).addEventListener('click', () => emit(article, 'review-act', { message, what }));
  }
  box.addEventListener('click', ({ shiftKey }) => emit(article, 'review-chosen', { id, isChosen: box.checked, isRange: shiftKey }));
  find('.review-card__through').addEventListener('click', () => emit(article, 'review-chosen', { id, isChosen: true, isRange: true }));
  article.addEventListener('focusin', () => emit(article, 'review-judged', id));

  function update(state) {
    const { isCurrent, isChosen, problem, says } = state;
    const when = relativeTime(createdAt, clock.now(), words);
    const seen = JSON.stringify([state, when, words.language]);
    // A click has changed the box from what it was last set to.
    box.checked = isChosen;
    if (seen === shown) return;
    shown = seen;
    words.fill(article);
    put(author.firstElementChild, message.author ?? words.say('message.anonymous'));
    for (const written of [text, author]) setLanguage(written, words.languages);
    put(time, when);
    time.title = exactTime(createdAt, words);
    for (const [name, saying] of Object.entries(says)) put(find(`.review-card__${name}`), saying === null ? '' : words.sayAll([saying]));
    for (const name of ['yes', 'through', 'sender']) find(`.review-card__${name}`).hidden = says[name] === null;
    item.classList.toggle('is-current', isCurrent);
    if (isCurrent) article.setAttribute('aria-current', 'true');
    else article.removeAttribute('aria-current');
    put(find('.review-card__error'), words.sayAll(problem));
    picture.update();
    others.update();
  }

  return { item, article, update, showPicture: picture.show, forget: picture.forget };
}

/** What else the sender posted, looked up when it is opened. */
function prepareOthers(details, { load, words, page }) {
  let messages = null;
  let sayings = [];

  function update() {
    put(details.querySelector('p'), words.sayAll(sayings));
    const items = (messages ?? []).map(({ author, text, status, hasPicture }) => {
      const item = page.createElement('li');
      const name = page.createElement('bdi');
      name.textContent = author ?? words.say('message.anonymous');
      const what = page.createElement('span');
      Object.assign(what, { dir: 'auto', textContent: text });
      for (const written of [name, what]) setLanguage(written, words.languages);
      const state = words.sayAll([[`status.${status}`], ...(hasPicture ? [['review.has-picture']] : [])]);
      item.append(mark(author), name, ' ', what, ` (${state})`);
      return item;
    });
    details.querySelector('ul').replaceChildren(...items);
  }

  details.addEventListener('toggle', async () => {
    if (!details.open) return;
    sayings = [['list.loading']];
    update();
    try {
      messages = await load();
      sayings = messages.length === 0 ? [['review.no-others']] : [];
    } catch (error) {
      sayings = explainAct(error, 'review.unread');
    }
    update();
  });
  return { update };
}

/**
 * A picture comes when it is nearly seen: unless the message is on the board it has no public address, and is fetched with
 * the moderator's token.
 */
function preparePicture({ status, picture }, { find, load, words }) {
  const frame = find('.review-card__picture');
  const image = frame.querySelector('img');
  const play = find('.review-card__play');
  const broken = find('.review-card__broken');
  /** The picture's address in this page, where it has no public one. */
  let url = null;
  let isThere = false;
  let isComing = false;
  let isMoving = false;
  if (!picture) return { show() {}, forget() {}, update() {} };
  frame.hidden = false;
  const { width, height, alt } = picture;
  Object.assign(image, { width, height });
  image.style.aspectRatio = `${width} / ${height}`;
  frame.style.setProperty('--ratio', width / height);
  image.addEventListener('error', () => {
    // Where a small version does not come, the original is asked for.
    if (image.hasAttribute('srcset')) image.removeAttribute('srcset');
    else fail(true);
  });
  image.addEventListener('load', () => fail(false));

  function fail(isBroken) {
    broken.hidden = !isBroken;
    image.hidden = isBroken;
  }

  function update() {
    const description = find('.review-card__alt');
    description.hidden = alt === null;
    put(description.lastElementChild, alt ?? '');
    setLanguage(description.lastElementChild, words.languages);
    describe(image, alt ?? '', words);
    play.hidden = !moves(picture) || !isThere;
    put(play, words.say(isMoving ? 'picture.pause' : 'picture.play'));
  }

  function setMotion() {
    update();
    import('./still.js').then((still) => still.setMotion(image, isMoving)).catch(() => {});
  }

  play.addEventListener('click', () => {
    isMoving = !isMoving;
    setMotion();
  });

  return {
    update,

    async show() {
      if (isThere || isComing) return;
      isComing = true;
      try {
        if (status !== 'posted') url = URL.createObjectURL(await load());
        isThere = true;
        // A picture that moves is held still until it is to move.
        if (moves(picture)) setMotion();
        if (url) image.src = url;
        else point(image, { url: picture.url, versions: versionsOf(picture), width: frame.clientWidth });
        update();
      } catch {
        // The picture is asked for again when it is seen again.
        fail(true);
      } finally {
        isComing = false;
      }
    },

    forget() {
      if (url) URL.revokeObjectURL(url);
    },
  };
}
