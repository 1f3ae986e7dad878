// Pictures where they are shown. One that does not come says so, and is asked for again when there is hope, and
// now and then.

import { relativeTime } from './time.js';
import { put } from './words.js';

/** The pause before a picture is asked for again, twice as long after each time. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

export function createPictures({ words, clock }) {
  /** The images whose picture did not come, each with what shows that, and when it is asked for again. */
  const broken = new Map();
  const pauses = new WeakMap();

  /** Calls `onChange` whenever the picture of `image` has come or has failed to. */
  function watch(image, onChange) {
    image.addEventListener('load', () => {
      broken.delete(image);
      pauses.delete(image);
      onChange();
      // What came here will come elsewhere on the page.
      tryAgain((other) => other.src === image.src);
    });
    image.addEventListener('error', () => {
      const pause = pauses.get(image) ?? FIRST_PAUSE_MS;
      pauses.set(image, Math.min(2 * pause, LONGEST_PAUSE_MS));
      broken.set(image, { onChange, due: clock.now() + pause });
      onChange();
    });
  }

  /** Asks again for those whose pause is over. */
  const tryAgainInTime = () => tryAgain((image) => broken.get(image).due <= clock.now());

  function tryAgain(which = () => true) {
    for (const [image, { onChange }] of [...broken]) {
      if (!which(image)) continue;
      broken.delete(image);
      if (!image.isConnected) continue;
      onChange();
      const { src } = image;
      // Asks again, though it is the same address.
      image.src = src;
    }
  }

  /**
   * Answers a function that shows a picture in `image`, or none. In place of one that did not come there is a box
   * of its shape that says so.
   */
  function frame(image) {
    const box = createBox();
    box.addEventListener('click', () => tryAgain((other) => other === image));
    let shown = null;

    function update() {
      const isBroken = broken.has(image);
      image.hidden = isBroken;
      if (!isBroken) return box.remove();
      const { width, height, alt } = shown;
      box.style.setProperty('--width', width);
      box.style.setProperty('--ratio', width / height);
      put(box.firstElementChild, words.say('picture.broken'));
      put(box.lastElementChild, alt);
      if (!box.isConnected) image.after(box);
    }

    watch(image, update);
    return (picture, alt) => {
      if (picture?.url !== shown?.url) broken.delete(image);
      shown = picture && { ...picture, alt };
      if (!picture) {
        image.removeAttribute('src');
      } else {
        // The size first: it reserves the space before the picture is there.
        image.width = picture.width;
        image.height = picture.height;
        image.alt = alt;
        if (image.getAttribute('src') !== picture.url) image.src = picture.url;
      }
      update();
    };
  }

  return { watch, frame, tryAgain, tryAgainInTime, isBroken: (image) => broken.has(image) };
}

/** What stands for a message's picture: its description, else whose it is and when it came. */
export function describePicture({ author, createdAt, picture }, { words, clock }) {
  if (picture.alt !== null) return picture.alt;
  const when = relativeTime(new Date(createdAt), clock.now(), words);
  return words.say('picture.by', { author: author ?? words.say('message.anonymous'), when });
}

function createBox() {
  const box = document.createElement('span');
  box.className = 'broken';
  box.append(document.createElement('span'), document.createElement('bdi'));
  return box;
}
