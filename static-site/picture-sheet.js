// What is known of the picture that the dialog shows: whose it is, when it came, and what was written with it.

import { emit } from './events.js';
import { fold, settle } from './fold.js';
import { withLinks } from './links.js';
import { mark } from './mark.js';
import { messageOf, nameOf, postedAt } from './slides.js';
import { setLanguage } from './text-language.js';
import { exactTime } from './time.js';

/** Emits `share-wanted`. `update` shows what is known of the picture at `url`, by its message where that is there. */
export function createPictureSheet(sheet, { words, document }) {
  const find = (selector) => sheet.querySelector(selector);
  const [head, body, link, button] = ['head', 'body', 'link', 'share'].map((part) => find(`.picture-dialog__${part}`));
  let id = null;
  let shown = '';

  function update(url, message) {
    // A message that waits for a moderator is on this device alone, so there is no link to it.
    id = url.startsWith('blob:') ? null : (message?.id ?? messageOf(url));
    const seen = JSON.stringify([url, message?.id, words.language]);
    if (seen === shown) return;
    shown = seen;
    showHead(url, message);
    showWords(message);
    link.hidden = id === null;
    link.href = `#${id}`;
    button.hidden = id === null;
    find('.picture-dialog__acts').hidden = id === null;
  }

  function showHead(url, message) {
    const [who, name] = ['p', 'bdi'].map((tag) => document.createElement(tag));
    who.className = 'picture-dialog__who';
    who.append(name);
    if (message) name.textContent = message.author ?? words.say('message.anonymous');
    else if (id === null) name.textContent = nameOf(url);
    const since = message ? new Date(message.createdAt) : id && postedAt(id);
    if (since) {
      const time = document.createElement('time');
      time.dateTime = since.toISOString();
      time.textContent = exactTime(since, words);
      who.append(time);
    }
    setLanguage(name, words.languages);
    head.replaceChildren(...(message ? [mark(message.author)] : []), who);
  }

  function showWords(message) {
    const [text, more] = ['p', 'button'].map((tag) => document.createElement(tag));
    Object.assign(text, { className: 'picture-dialog__words', dir: 'auto' });
    Object.assign(more, { className: 'button button--quiet picture-dialog__more', type: 'button', hidden: true });
    body.replaceChildren(text, more);
    // A message without text may have a description of its picture.
    text.append(...withLinks(message?.text || message?.picture.alt || ''));
    text.hidden = text.textContent === '';
    setLanguage(text, words.languages);
    const folding = fold(text, more, { article: sheet, words, whole: false });
    folding.update();
    // The text is measured at once, since the picture gets the room that is left.
    settle([folding]);
  }

  button.addEventListener('click', () => emit(sheet, 'share-wanted', { id }));

  return { update };
}
