// The head of the moderators' view: the tabs with how many there are, and whether posting is open.

import { emit } from './events.js';
import { exactTime } from './time.js';
import { put } from './words.js';

/** The states of posting, the most open one first. */
const POSTINGS = ['open', 'reviewed', 'closed'];
/** Up to which number the board counts. */
const MOST_COUNTED = 1_000;

/** Emits `moderation-left` and `moderation-ended`. */
export function mountReviewHead(root, { queue, setPosting, words, window }) {
  const find = (selector) => root.querySelector(selector);
  const tabs = [...root.querySelectorAll('.review__tab')];
  const switches = [...root.querySelectorAll('[data-posting]')];

  function show(tab) {
    if (tab.dataset.tab !== queue.tab) void queue.show(tab.dataset.tab);
    tab.focus();
  }

  for (const tab of tabs) {
    tab.addEventListener('click', () => show(tab));
    tab.addEventListener('keydown', ({ key }) => {
      if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
      const by = (key === 'ArrowRight') === (words.direction === 'ltr') ? 1 : -1;
      show(tabs.at((tabs.indexOf(tab) + by) % tabs.length));
    });
  }
  for (const button of switches) {
    button.addEventListener('click', () => button.getAttribute('aria-disabled') === 'false' && void setPosting(button.dataset.posting));
  }
  find('.review__leave').addEventListener('click', () => emit(root, 'moderation-left'));
  find('.review__stop').addEventListener('click', () => emit(root, 'moderation-ended'));

  return {
    update() {
      const { counts } = queue;
      root.dataset.tab = queue.tab;
      put(find('.review__title bdi'), window.document.querySelector('.masthead__name').textContent);
      const who = counts && words.say(counts.moderator ? 'review.who' : 'review.nameless', { name: counts.moderator });
      const until = counts?.expiresAt && words.say('review.until', { moment: exactTime(new Date(counts.expiresAt), words) });
      put(find('.review__who'), [who, until].filter(Boolean).join(' · '));
      for (const tab of tabs) {
        const isShown = tab.dataset.tab === queue.tab;
        tab.setAttribute('aria-selected', String(isShown));
        tab.tabIndex = isShown ? 0 : -1;
        const count = queue.countOf(tab.dataset.tab);
        put(tab.querySelector('.review__count'), count === null ? '' : countOf(count, words));
        if (isShown) find('.review__panel').setAttribute('aria-labelledby', tab.id);
      }
      for (const button of switches) {
        const { posting } = button.dataset;
        put(button, words.say(`posting.${posting}`));
        button.setAttribute('aria-pressed', String(counts?.posting === posting));
        // A state that is more open than the settings allow moderators cannot be chosen.
        button.setAttribute('aria-disabled', String(!counts || POSTINGS.indexOf(posting) < POSTINGS.indexOf(counts.mostPosting)));
      }
    },
  };
}

export const countOf = (count, words) => `${count.toLocaleString(words.locale)}${count >= MOST_COUNTED ? '+' : ''}`;
