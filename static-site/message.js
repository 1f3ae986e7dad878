// One message of the board: a note, or a print where it has a picture. Whatever people wrote is only ever set as text.

import { emit, isForAnotherTab } from './events.js';
import { fold } from './fold.js';
import { withLinks } from './links.js';
import { mark } from './mark.js';
import { describePicture } from './picture.js';
import { cropOf, moves } from './small.js';
import { setLanguage } from './text-language.js';
import { exactTime, relativeTime, shortTime } from './time.js';
import { put } from './words.js';

/** The white edge of a print, and how high its picture is in the list at most, in CSS pixels, as style.css has them. */
const EDGE = 6;
const HIGHEST = 440;
/** How wide a text is at most, in letters, to be written large, and to be written larger than a long one. */
const SHORT = 36;
const MIDDLING = 110;
/** Chinese, Japanese and Korean characters are as wide as two letters. */
const WIDE = /[\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{1f000}-\u{3ffff}]/gu;

/**
 * Makes a message's card, for the `wall` or the `list`. `update` brings it in line with what may be done to it, with the
 * time and with the language. A long text is folded, unless it is to be shown `whole` from the start, or was
 * `unfolded` before, when it can be folded again; the picture of the `first` one does not wait until it is seen.
 * @param room answers how wide the card is, and the screen: known before, since asking the browser lays the page out
 * Emits `message-opened`, `share-wanted` and `delete-wanted`; moderators have more to do with it.
 */
export function createMessage(message, { template, pictures, words, clock, layout, room, reducedMotion, moderate }, { whole = false, unfolded = false, first = false } = {}) {
  const item = template.content.firstElementChild.cloneNode(true);
  // The article can stand by itself, without the item.
  const article = item.querySelector('.message');
  const find = (selector) => article.querySelector(selector);
  const [author, link, time, error, report] = ['author', 'link', 'time', 'error', 'report'].map((part) => find(`.message__${part}`));
  const createdAt = new Date(message.createdAt);
  const isOnWall = layout() === 'wall';
  /** What is shown now: most updates change nothing. */
  let shown = '';
  /** The language of what the template says. */
  let spoken = words.language;

  article.id = message.id;
  author.id = `author-${message.id}`;
  article.setAttribute('aria-labelledby', author.id);
  author.classList.toggle('message__author--none', message.author === null);
  const badge = mark(message.author);
  find('.message__head').prepend(badge);
  if (badge.dataset.colour) article.dataset.colour = badge.dataset.colour;
  link.href = `#${message.id}`;
  time.dateTime = message.createdAt;
  const text = find('.message__text');
  text.append(...withLinks(message.text));
  const size = message.picture ? 'long' : sizeOf(message.text);
  article.classList.toggle('message--short', size === 'short');
  article.classList.toggle('message--middling', size === 'middling');
  article.classList.toggle('message--print', message.picture !== null);
  const showPicture = preparePicture();
  if (isOnWall) arrangeForWall();
  const folding = fold(text, find('.message__more'), { article, words, whole, unfolded });
  find('.message__share').addEventListener('click', () => emit(article, 'share-wanted', message));
  find('.message__delete').addEventListener('click', () => emit(article, 'delete-wanted', message));

  /** The picture above, whose it is below, and all that can be done in the menu. */
  function arrangeForWall() {
    article.classList.add('message--wall');
    const [head, foot, menu] = ['head', 'foot', 'menu'].map((part) => find(`.message__${part}`));
    find('.message__pin').after(...article.querySelectorAll('.message__picture'));
    find('.message__actions').prepend(find('.message__share'));
    link.before(menu);
    foot.replaceWith(head);
  }

  function preparePicture() {
    const frame = find('.message__picture');
    const { picture } = message;
    if (!picture) {
      frame.remove();
      return () => {};
    }
    frame.href = picture.url;
    frame.addEventListener('click', (event) => {
      // A click that asks for a tab of its own is left to the browser.
      if (isForAnotherTab(event)) return;
      event.preventDefault();
      emit(article, 'message-opened', message);
    });
    const crop = cropOf(picture);
    frame.style.setProperty('--ratio', isOnWall ? crop.ratio : picture.width / picture.height);
    if (isOnWall) frame.dataset.crop = crop.kind;
    const image = frame.querySelector('img');
    if (first) Object.assign(image, { loading: 'eager', fetchPriority: 'high' });
    const show = pictures.frame(image);
    if (moves(picture)) {
      frame.querySelector('.badge').hidden = false;
      import('./still.js').then(({ holdStill }) => holdStill(image, frame, { reducedMotion })).catch(() => {});
    }
    // A picture that is cut at its sides is wider than what is seen of it.
    const widthOf = (ratio) => {
      const { width, screen } = room();
      const inside = width - 2 * EDGE;
      return isOnWall ? inside * Math.max(1, ratio / crop.ratio) : Math.min(inside, ratio * highest(screen));
    };
    return () => show(picture, describePicture(message, { words, clock }), widthOf);
  }

  function update(state) {
    const when = (isOnWall ? shortTime : relativeTime)(createdAt, clock.now(), words);
    const seen = JSON.stringify([state, when, words.language]);
    if (seen === shown) return;
    shown = seen;
    const { mayDelete, busy, problem, contactUrl, isAddressed, isNew, isHeld } = state;
    if (spoken !== words.language) words.fill(article);
    spoken = words.language;
    author.firstElementChild.textContent = message.author ?? words.say('message.anonymous');
    for (const written of [text, author]) setLanguage(written, words.languages);
    find('.message__you').hidden = !mayDelete;
    find('.message__pin').hidden = !isNew;
    // A viewer who comes to a message by its address sees exactly when it came, also without a pointer.
    link.title = exactTime(createdAt, words);
    time.textContent = isAddressed ? link.title : when;
    article.classList.toggle('message--addressed', isAddressed);
    showPicture();
    folding.update();

    find('.message__share').hidden = Boolean(isHeld);
    find('.message__delete').hidden = !mayDelete;
    const actions = find('.message__actions');
    moderate(article, message);
    for (const button of actions.querySelectorAll('button')) button.setAttribute('aria-disabled', String(busy));
    if (contactUrl === null) {
      report.remove();
    } else {
      report.href = reportUrl(contactUrl, message.id);
      actions.prepend(report);
    }
    find('.message__menu').hidden = !actions.querySelector(':not([hidden])');
    article.classList.toggle('message--leaving', busy);
    put(error, words.sayAll(problem));
  }

  return { item, article, update, folding, focus: () => article.focus() };
}

/** How high a picture is in the list at most: on a phone the first screen has all of the first message. */
const highest = ({ width, height }) => Math.min(HIGHEST, (width < 600 ? 0.42 : 0.8) * height);

/** `short`, `middling` or `long`, by how much room a text takes. */
function sizeOf(text) {
  const width = text.replace(WIDE, 'xx').length;
  if (width <= SHORT) return 'short';
  return width <= MIDDLING ? 'middling' : 'long';
}

/** By mail, the report says which message it is about. */
function reportUrl(contactUrl, id) {
  if (!contactUrl.startsWith('mailto:') || contactUrl.includes('?')) return contactUrl;
  const address = new URL(`#${id}`, document.baseURI).href;
  return `${contactUrl}?subject=${encodeURIComponent(document.title)}&body=${encodeURIComponent(address)}`;
}
