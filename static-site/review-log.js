// What moderators did, as they read it: looked up when it is opened, and after each act while it is open.

import { placeAt } from './children.js';
import { isForAnotherTab } from './events.js';
import { explainAct } from './judging.js';
import { nameOf } from './slides.js';
import { setLanguage } from './text-language.js';
import { exactTime } from './time.js';
import { put } from './words.js';

const SHOWING = ['approve', 'restore'];

/**
 * @param view emits `moderated` when something was done
 * @param open shows a message on the board, where it is there
 */
export function mountReviewLog(details, { log, view, open, words, page }) {
  const find = (selector) => details.querySelector(selector);
  const list = find('ol');
  const more = find('button');
  /** What is shown, by what it was made of. */
  let shown = new Map();

  /** A message by its id, linked where the act showed it, or a picture by its name. */
  function subjectOf({ action, messageId, url }) {
    const code = Object.assign(page.createElement('code'), { textContent: url ? nameOf(url) : messageId });
    if (!messageId || !SHOWING.includes(action)) return code;
    const link = Object.assign(page.createElement('a'), { href: `#${messageId}` });
    link.append(code);
    link.addEventListener('click', (event) => {
      if (isForAnotherTab(event)) return;
      // The message may have been taken down since, or wait: the page looks whether it is there.
      event.preventDefault();
      void open(messageId);
    });
    return link;
  }

  function subjectsOf(act) {
    const several = page.createElement('details');
    const summary = Object.assign(page.createElement('summary'), { textContent: words.say('log.messages', { count: act.length }) });
    const items = act.map((entry) => {
      const item = page.createElement('li');
      item.append(subjectOf(entry));
      return item;
    });
    const all = page.createElement('ul');
    all.setAttribute('role', 'list');
    all.append(...items);
    several.append(summary, all);
    return several;
  }

  function itemOf(act) {
    const [entry] = act;
    const { at, moderator, action, messageId, url } = entry;
    const item = page.createElement('li');
    const time = Object.assign(page.createElement('time'), { dateTime: at, textContent: exactTime(new Date(at), words) });
    const name = page.createElement('bdi');
    name.textContent = moderator ?? words.say('review.nobody');
    setLanguage(name, words.languages);
    // The board may know acts that this page has no words for.
    item.append(time, ' ', name, ` ${words.has(`log.${action}`) ? words.say(`log.${action}`) : action}`);
    if (act.length > 1) item.append(' ', subjectsOf(act));
    else if (messageId ?? url) item.append(' ', subjectOf(entry));
    return item;
  }

  function update() {
    const { acts, entries, goesOn, isLoading, failure } = log;
    const sayings = failure ? explainAct(failure, 'review.unread') : entries.length > 0 ? [] : [[isLoading ? 'list.loading' : 'review.log-empty']];
    put(find('p'), details.open ? words.sayAll(sayings) : '');
    more.hidden = !goesOn;
    more.setAttribute('aria-disabled', String(isLoading));
    const before = shown;
    shown = new Map(acts.map((act) => {
      const key = [act[0].id, act.length, words.language].join(' ');
      return [key, before.get(key) ?? itemOf(act)];
    }));
    for (const [key, item] of before) if (!shown.has(key)) item.remove();
    [...shown.values()].forEach((item, index) => {
      placeAt(list, index, item);
    });
  }

  details.addEventListener('toggle', ({ target }) => target === details && details.open && void log.look());
  more.addEventListener('click', () => void log.more());
  log.addEventListener('change', update);
  view.addEventListener('moderated', () => details.open && void log.look());

  return {
    update,
    clear() {
      details.open = false;
      log.clear();
    },
  };
}
