// One message of the board. Whatever people wrote is only ever set as text.

import { emit } from './events.js';
import { fold } from './fold.js';
import { splitLinks } from './linkify.js';
import { describePicture } from './picture.js';
import { moves } from './small.js';
import { exactTime, relativeTime } from './time.js';
import { put } from './words.js';

/**
 * Makes a message's card. `update` brings it in line with what may be done to it, with the time and with
 * the language. A long text is folded, unless it is to be shown `whole` from the start; the picture of the `first` one
 * does not wait until it is seen.
 * Emits `message-opened` and `delete-wanted`; moderators have more to do with it.
 */
export function createMessage(message, { template, pictures, words, clock, room, reducedMotion, moderate }, { whole = false, first = false } = {}) {
  const item = template.content.firstElementChild.cloneNode(true);
  // The article can stand by itself, without the item.
  const article = item.querySelector('.message');
  const find = (selector) => article.querySelector(selector);
  const author = find('.message__author');
  const link = find('.message__link');
  const time = find('.message__time');
  const error = find('.message__error');
  const report = find('.message__report');
  const createdAt = new Date(message.createdAt);
  /** What is shown now: most updates change nothing. */
  let shown = '';

  article.id = message.id;
  author.id = `author-${message.id}`;
  article.setAttribute('aria-labelledby', author.id);
  author.classList.toggle('message__author--none', message.author === null);
  link.href = `#${message.id}`;
  time.dateTime = message.createdAt;
  const text = find('.message__text');
  text.append(...splitLinks(message.text).map(createPart));
  const folding = fold(text, find('.message__more'), { article, words, whole });
  const showPicture = preparePicture();
  find('.message__delete').addEventListener('click', () => emit(article, 'delete-wanted', message));

  function preparePicture() {
    const frame = find('.message__picture');
    const { picture } = message;
    if (!picture) {
      frame.remove();
      return () => {};
    }
    frame.href = picture.url;
    frame.addEventListener('click', (event) => {
      // Whoever wants it in a tab of its own gets it there.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      emit(article, 'message-opened', message);
    });
    const image = frame.querySelector('img');
    if (first) Object.assign(image, { loading: 'eager', fetchPriority: 'high' });
    const show = pictures.frame(image);
    if (moves(picture)) {
      frame.querySelector('.badge').hidden = false;
      import('./still.js').then(({ holdStill }) => holdStill(image, frame, { reducedMotion })).catch(() => {});
    }
    const widthOf = (ratio) => Math.min(room().width, ratio * room().height);
    return () => show(picture, describePicture(message, { words, clock }), widthOf);
  }

  function update(state) {
    const when = relativeTime(createdAt, clock.now(), words);
    const seen = JSON.stringify([state, when, words.language]);
    if (seen === shown) return;
    shown = seen;
    const { mayDelete, busy, problem, contactUrl, isAddressed } = state;
    words.fill(article);
    author.firstElementChild.textContent = message.author ?? words.say('message.anonymous');
    // Who goes to a message by its address sees exactly when it came, without a pointer as well.
    link.title = exactTime(createdAt, words);
    time.textContent = isAddressed ? link.title : when;
    showPicture();
    folding.update();

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
    actions.hidden = !actions.querySelector(':not([hidden])');
    article.classList.toggle('message--leaving', busy);
    put(error, words.sayAll(problem));
  }

  return { item, article, update, folding, focus: () => article.focus() };
}

function createPart({ text, href, host }) {
  if (!href) return text;
  const link = document.createElement('a');
  link.href = href;
  link.rel = 'nofollow ugc noopener noreferrer';
  link.textContent = text;
  // Written by anyone: it is read from left to right whatever is around it.
  link.dir = 'ltr';
  if (host) link.dataset.host = host;
  return link;
}

/** By mail, the report says which message it is about. */
function reportUrl(contactUrl, id) {
  if (!contactUrl.startsWith('mailto:') || contactUrl.includes('?')) return contactUrl;
  const address = new URL(`#${id}`, document.baseURI).href;
  return `${contactUrl}?subject=${encodeURIComponent(document.title)}&body=${encodeURIComponent(address)}`;
}
