// Pictures where they are shown: by a small version as far as that does. Where that does not come, the original does;
// where that does not come either, it says so, and is asked for again when there is hope, and now and then.

import { messageOf, nameOf, postedAt } from './slides.js';
import { point, versionsOf } from './small.js';
import { setLanguage } from './text-language.js';
import { relativeTime } from './time.js';
import { put } from './words.js';

/** The pause before a picture is asked for again, twice as long after each time. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

export function createPictures({ words, clock }) {
  /** The images whose picture did not come, each with what shows that, and when it is asked for again. */
  const broken = new Map();
  const pauses = new WeakMap();
  /** What each image was asked for, as `point` takes it. */
  const sources = new WeakMap();

  function ask(image, source) {
    if (sources.get(image)?.url === source.url) return;
    sources.set(image, source);
    // The same picture may be on its way already.
    if (image.getAttribute('src') !== source.url) point(image, source);
  }

  /** Calls `onChange` whenever the picture of `image` has come or has failed to. */
  function watch(image, onChange) {
    image.addEventListener('load', () => {
      broken.delete(image);
      pauses.delete(image);
      onChange();
      // A picture that has come here will come elsewhere on the page as well.
      tryAgain((other) => other.src === image.src);
    });
    image.addEventListener('error', () => {
      if (image.hasAttribute('srcset')) return image.removeAttribute('srcset');
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
      // Asks again, though it is the same address.
      point(image, sources.get(image));
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
      // A picture that is asked for once more leaves the box its room until it has come.
      if (!isBroken && (image.naturalWidth > 0 || !shown)) return box.remove();
      box.classList.toggle('is-asked', !isBroken);
      if (!isBroken) return;
      const { width, height, alt } = shown;
      box.style.setProperty('--width', width);
      box.style.setProperty('--ratio', width / height);
      put(box.firstElementChild, words.say('picture.broken'));
      put(box.lastElementChild, alt);
      setLanguage(box.lastElementChild, words.languages);
      if (!box.isConnected) image.after(box);
    }

    watch(image, update);
    /** @param widthOf answers how wide the picture is shown, in CSS pixels */
    return (picture, alt, widthOf) => {
      if (picture?.url !== shown?.url) broken.delete(image);
      shown = picture && { ...picture, alt };
      if (!picture) {
        sources.delete(image);
        for (const name of ['srcset', 'src']) image.removeAttribute(name);
      } else {
        const { width, height } = picture;
        // The size is set first: it reserves the space before the picture is there, and no version has quite the same
        // ratio.
        Object.assign(image, { width, height });
        describe(image, alt, words);
        image.style.aspectRatio = `${width} / ${height}`;
        ask(image, { url: picture.url, versions: versionsOf(picture), width: widthOf(width / height) });
      }
      update();
    };
  }

  return { ask, watch, frame, tryAgain, tryAgainInTime, isBroken: (image) => broken.has(image) };
}

/** Gives `image` what stands for it, in the language of that. */
export function describe(image, alt, words) {
  image.alt = alt;
  setLanguage(image, words.languages, alt);
}

/** What stands for a message's picture: its description, else whose it is and when it came. */
export function describePicture({ author, createdAt, picture }, { words, clock }) {
  if (picture.alt !== null) return picture.alt;
  const when = relativeTime(new Date(createdAt), clock.now(), words);
  return words.say('picture.by', { author: author ?? words.say('message.anonymous'), when });
}

/** The same of any picture, by its `message` where that is known, else by when it came or what its file is called. */
export function describeAny(url, message, { words, clock }) {
  if (message) return describePicture(message, { words, clock });
  const id = messageOf(url);
  return words.say('picture.named', { name: id ? relativeTime(postedAt(id), clock.now(), words) : nameOf(url) });
}

function createBox() {
  const box = document.createElement('span');
  box.className = 'broken';
  box.append(document.createElement('span'), document.createElement('bdi'));
  // The stage of a picture goes from left to right on any page.
  box.firstElementChild.dir = 'auto';
  return box;
}
