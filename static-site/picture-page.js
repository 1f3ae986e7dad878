// One picture of the dialog, on a stage of its own.

import { LONG_RATIO } from './picture-file.js';
import { createZoom } from './picture-zoom.js';
import { moves, smallOf } from './small.js';
import { enlarge, setMotion } from './still.js';

/** The size, in pixels, that a picture without a message is supposed to have until it has come. */
const SUPPOSED = { width: 4_096, height: 3_072, isSupposed: true };

/** @param gestures what the picture is told of by fingers and pointer: `onPull` and `onBeside`, as `createZoom` takes them */
export function createPicturePage(url, { pictures, gestures, window }) {
  const stage = window.document.createElement('div');
  stage.className = 'picture-dialog__stage';
  // The stage can be focused, so that the keyboard scrolls it as well.
  stage.tabIndex = 0;
  const image = new window.Image();
  image.className = 'picture-dialog__image';
  image.draggable = false;
  stage.append(image);
  const show = pictures.frame(image);
  /** What is known of a picture that has no message. */
  const own = { url, ...SUPPOSED, small: smallOf(url), type: /\.gif$/i.test(url) ? 'image/gif' : '' };
  let given = { picture: null, description: '', moving: null };
  const picture = () => given.picture ?? own;
  const isLong = () => picture().height > LONG_RATIO * picture().width;
  const isWide = () => picture().width > LONG_RATIO * picture().height;
  const zoom = createZoom(stage, image, { ...gestures, pixels: () => picture().width, isRead: isLong, onChange: look });

  /** The size first, since its stage gives it that, whichever version comes. */
  function arrange() {
    const { width, height } = picture();
    // The screenshot of a whole page is read from its top, as wide as it is, and a panorama from its left.
    stage.classList.toggle('is-long', isLong());
    stage.classList.toggle('is-wide', isWide());
    stage.style.setProperty('--width', width);
    stage.style.setProperty('--height', height);
    stage.style.setProperty('--ratio', width / height);
  }

  function update(now = given) {
    given = now;
    arrange();
    if (!stage.isConnected) return;
    show(picture(), given.description, () => image.clientWidth);
    setMotion(image, moves(picture()) ? given.moving : null);
    look();
  }

  /** Whether the screen shows more of the picture than the largest small version has. */
  function isEnlarged() {
    const { small, isSupposed } = picture();
    const shown = image.clientWidth * window.devicePixelRatio * (window.visualViewport?.scale ?? 1);
    return !isSupposed && shown > small.at(-1)?.width;
  }

  /** Brings the original where that shows more. */
  function look() {
    arrange();
    if (isEnlarged() && !moves(picture())) void enlarge(image, isEnlarged);
  }

  image.addEventListener('load', async () => {
    if (given.picture) return;
    // In `srcset` it says how wide it is to be shown, and the file itself how many pixels it has.
    const file = new window.Image();
    file.src = image.currentSrc;
    await file.decode().catch(() => {});
    const { naturalWidth, naturalHeight } = file;
    if (!naturalWidth) return;
    const isOriginal = !image.hasAttribute('srcset') || own.small.every((version) => version.width !== naturalWidth);
    const width = isOriginal ? naturalWidth : SUPPOSED.width;
    Object.assign(own, { width, height: (width * naturalHeight) / naturalWidth, isSupposed: false });
    update();
  });

  return {
    stage,
    image,
    zoom,
    update,
    look,
    get isMoving() {
      return moves(picture());
    },
    get isLong() {
      return isLong();
    },
    get isScrolled() {
      return isLong() || isWide() || zoom.isEnlarged;
    },
    /** Whether there is more of the picture to the left (-1) or to the right (1). */
    goesOn(by) {
      const { left, right } = image.getBoundingClientRect();
      const box = stage.getBoundingClientRect();
      return by < 0 ? left < box.left - 1 : right > box.right + 1;
    },
    /** Shows the picture as when it is opened. */
    reset() {
      zoom.reset();
      stage.scrollTo({ left: 0, top: 0, behavior: 'instant' });
    },
    remove() {
      stage.remove();
      show(null);
      setMotion(image, null);
    },
  };
}
