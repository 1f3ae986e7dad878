// The carrousel: a strip of the pictures of the board, newest first, which is scrolled and never moves by itself.

import { placeAt } from './children.js';
import { emit } from './events.js';
import { Slides } from './slides.js';
import { createTile } from './tile.js';

/** How near the end of the strip, in widths of it, more tiles come. */
const AHEAD = 1;

/**
 * Emits `all-pictures-wanted` where somebody goes past the newest ones.
 * @param feed knows the messages that the pictures were posted with
 * @param newImage makes an `<img>` for a picture, which may be on its way already
 */
export function mountCarrousel(root, { clock, feed, pictures, words, newImage, reducedMotion, storage }) {
  const strip = root.querySelector('.carrousel__strip');
  const slides = new Slides();
  const tiles = new Map();
  const needs = { message: (url) => feed.withPicture(url), pictures, newImage, reducedMotion, words, clock };
  /** Whether the messages are there: the shape of a tile is known once its message is, and stays. */
  let isReady = false;
  let isLoaded = false;
  // A board that had no picture the last time has no room for any before there is one.
  root.hidden = storage.get('carrousel') === 'empty';

  function update() {
    if (!isReady || !isLoaded) return;
    const { shown } = slides;
    const isSame = shown.length === tiles.size && shown.every((url, index) => tiles.has(url) && strip.children[index] === tiles.get(url).item);
    if (!isSame) hang(shown);
    for (const url of shown) tiles.get(url).update();
  }

  /** Puts the tiles of these pictures into the strip, in their order; the tiles that are looked at stay where they are. */
  function hang(shown) {
    const kept = strip.scrollLeft === 0 ? null : [...tiles].find(([url, { item }]) => shown.includes(url) && isSeen(item))?.[1].item;
    const before = kept?.getBoundingClientRect().left;
    for (const [url, { item }] of tiles) {
      if (shown.includes(url)) continue;
      item.remove();
      tiles.delete(url);
    }
    shown.forEach((url, index) => {
      if (!tiles.has(url)) tiles.set(url, createTile(url, needs));
      const { item } = tiles.get(url);
      placeAt(strip, index, item);
    });
    const moved = kept ? kept.getBoundingClientRect().left - before : 0;
    if (moved !== 0) strip.scrollLeft += moved;
  }

  function isSeen(item) {
    const { left, right } = strip.getBoundingClientRect();
    const box = item.getBoundingClientRect();
    return box.right > left && box.left < right;
  }

  function goOn() {
    const { scrollLeft, scrollWidth, clientWidth } = strip;
    // In a page from right to left, `scrollLeft` is negative.
    if (Math.abs(scrollLeft) + (1 + AHEAD) * clientWidth < scrollWidth) return;
    const { goesOn } = slides;
    if (slides.goOn()) emit(root, 'all-pictures-wanted');
    if (goesOn) update();
  }

  strip.addEventListener('scroll', goOn, { passive: true });

  return {
    update,
    /** Shows the tiles, now that the messages are there or will not be. */
    setReady() {
      isReady = true;
      update();
    },
    /** Takes a list of pictures, the newest last, or null where it has not changed. */
    setPictures(list) {
      isLoaded = true;
      slides.take(list);
      const isEmpty = slides.urls.length === 0;
      storage.set('carrousel', isEmpty ? 'empty' : 'full');
      // An empty carrousel goes only where there is no message below it, which would move.
      if (!isEmpty || feed.messages.length === 0) root.hidden = isEmpty;
      update();
    },
  };
}
