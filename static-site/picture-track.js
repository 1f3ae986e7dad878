// The picture that is looked at and its neighbours, side by side, and swiped from one to the next (scroll snap).

import { onResize } from './resize.js';

/** How many pictures there are at most before the one that the track begins with: no browser scrolls over any length. */
const BEFORE = 200;

/**
 * @param newPage makes the page of the picture at an address
 * @param contentOf answers what a page's `update` takes
 * @param onSwipe somebody swipes to the picture at a place
 */
export function createPictureTrack(track, { viewing, newPage, contentOf, onSwipe }) {
  const pages = new Map();
  /** The place of the picture that the track begins with. */
  let start = 0;
  /** How wide the track was when its pages were placed. */
  let width = 0;

  /** @param isSwiped the fingers have it, and it must not be moved under them */
  function update({ isSwiped = false } = {}) {
    const { index } = viewing;
    if (!isSwiped && (index <= start || index > start + 2 * BEFORE)) start = Math.max(0, index - BEFORE);
    const { near } = viewing;
    for (const [url, { remove }] of pages) {
      if (near.includes(url)) continue;
      remove();
      pages.delete(url);
    }
    for (const url of near) showPage(url);
    if (!isSwiped) place();
  }

  function showPage(url) {
    const isShown = url === viewing.url;
    if (!pages.has(url)) pages.set(url, newPage(url));
    const { stage, reset, update: updatePage } = pages.get(url);
    stage.style.setProperty('--place', viewing.urls.indexOf(url) - start);
    const isTurned = stage.classList.contains('is-current') !== isShown;
    stage.classList.toggle('is-current', isShown);
    stage.inert = !isShown;
    if (!stage.isConnected) track.append(stage);
    if (isTurned) reset();
    updatePage(contentOf(url));
  }

  function place() {
    const { scrollLeft, clientWidth } = track;
    const left = (viewing.index - start) * clientWidth;
    // A track that is near its place may be held by a finger, or by the browser, which lets it snap: it is not scrolled
    // then.
    const isNear = clientWidth === width && Math.abs(Math.abs(scrollLeft) - left) < clientWidth / 2;
    width = clientWidth;
    // In a page from right to left, `scrollLeft` is negative.
    if (!isNear) track.scrollTo({ left: left * (track.matches(':dir(rtl)') ? -1 : 1), behavior: 'instant' });
  }

  track.addEventListener('scroll', () => {
    // What the browser scrolls when it lays the track out anew is not a swipe.
    if (pages.size > 0 && track.clientWidth === width) onSwipe(start + Math.round(Math.abs(track.scrollLeft) / width));
  });
  onResize(track, () => pages.size > 0 && update());

  return {
    update,
    page: () => pages.get(viewing.url),
    clear() {
      for (const { remove } of pages.values()) remove();
      pages.clear();
      start = 0;
    },
  };
}
