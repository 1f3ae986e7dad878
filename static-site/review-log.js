// What moderators did, newest first: looked up when it is opened.

import { setLanguage } from './text-language.js';
import { exactTime } from './time.js';
import { put } from './words.js';

const SHOWING = ['approve', 'restore'];

/** @param load answers a page of the log, the newest or the one that follows an entry */
export function mountReviewLog(details, { load, words, page }) {
  const find = (selector) => details.querySelector(selector);
  let entries = [];
  let next = null;
  let saying = null;
  /** What is shown now: most updates change nothing. */
  let shown = '';

  function itemOf({ at, moderator, action, messageId, url }) {
    const item = page.createElement('li');
    const time = page.createElement('time');
    Object.assign(time, { dateTime: at, textContent: exactTime(new Date(at), words) });
    const name = page.createElement('bdi');
    name.textContent = moderator ?? words.say('review.nobody');
    setLanguage(name, words.languages);
    // The board may know acts that this page has no words for.
    const act = words.has(`log.${action}`) ? words.say(`log.${action}`) : action;
    item.append(time, ' ', name, ` ${act}`);
    const which = url?.split('/').at(-1) ?? messageId;
    if (which) {
      const code = Object.assign(page.createElement('code'), { textContent: which });
      // What was shown by this may be there to be seen.
      const isShown = messageId && SHOWING.includes(action);
      const target = isShown ? Object.assign(page.createElement('a'), { href: `#${messageId}` }) : page.createElement('span');
      target.append(code);
      item.append(' ', target);
    }
    return item;
  }

  function update() {
    const seen = JSON.stringify([entries.length, entries[0]?.id, next, saying, words.language]);
    if (seen === shown) return;
    shown = seen;
    put(find('p'), saying ? words.sayAll([saying]) : '');
    find('ol').replaceChildren(...entries.map(itemOf));
    find('button').hidden = next === null;
  }

  async function look(after) {
    if (!after) saying = ['list.loading'];
    update();
    try {
      const found = await load(after);
      entries = after ? [...entries, ...found.entries] : found.entries;
      ({ next } = found);
      saying = entries.length === 0 ? ['review.log-empty'] : null;
    } catch {
      saying = ['review.unread'];
    }
    update();
  }

  details.addEventListener('toggle', () => details.open && void look(null));
  find('button').addEventListener('click', () => void look(next));
  return {
    update,
    clear() {
      Object.assign(details, { open: false });
      [entries, next, saying] = [[], null, null];
      update();
    },
  };
}
