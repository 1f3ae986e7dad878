// The bar above the board that moderators have: what they did last, to be undone, how many messages wait, and signing out.

import { sayingOf } from './review-bar.js';
import { countOf } from './review-head.js';
import { put } from './words.js';

const TEMPLATE = `
  <p><span data-say="moderate.on"></span> <span class="moderation-bar__last"></span></p>
  <div class="moderation-bar__buttons">
    <button class="button moderation-bar__undo" type="button" data-say="review.undo" hidden></button>
    <a class="button moderation-bar__queue"></a>
    <button class="button moderation-bar__stop" type="button" data-say="review.stop"></button>
  </div>`;

/**
 * @param address that of the moderators' view
 * @param state answers whether somebody `isModerating`, and whether they see that view: `isReviewing`
 */
export function mountModerationBar(root, { address, state, queue, signOut, words, window }) {
  const page = window.document;
  root.innerHTML = TEMPLATE;
  const find = (selector) => root.querySelector(`.moderation-bar__${selector}`);
  find('queue').href = address;
  find('undo').addEventListener('click', () => void queue.undo());
  find('stop').addEventListener('click', signOut);

  function update() {
    const { last, counts } = queue;
    const { isModerating, isReviewing } = state();
    root.hidden = !isModerating || isReviewing;
    root.setAttribute('aria-label', words.say('moderate.on'));
    words.fill(root);
    put(find('last'), last ? words.sayAll([sayingOf(last)]) : '');
    find('undo').hidden = last === null;
    put(find('queue'), words.say('review.queue', { total: counts ? countOf(counts.held, words) : '' }).trim());
    // The page's title is the board's name, with how many messages wait before it.
    const name = page.title.replace(/^\(\d[\d,.]*\+?\) /, '');
    const title = isModerating && counts?.held > 0 ? `(${countOf(counts.held, words)}) ${name}` : name;
    if (page.title !== title) page.title = title;
  }

  queue.addEventListener('change', update);
  // What is scrolled to, and what sticks to the top, stays clear of it.
  new window.ResizeObserver(() => page.documentElement.style.setProperty('--bar', `${root.offsetHeight}px`)).observe(root);
  // The board's name may come later than this.
  new window.MutationObserver(update).observe(page.querySelector('title'), { childList: true });

  return { update };
}
