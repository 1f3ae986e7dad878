// One picture of the carrousel.

import { setMotion } from './picture.js';
import { messageOf } from './slides.js';
import { smallOf, versionsOf, widthInCarrousel } from './small.js';

/** @param picture what is known of it, if anything is */
export function createSlide(url, { stage, picture, pictures, newImage, onChange, window }) {
  const slide = document.createElement('div');
  slide.className = 'carrousel__slide';
  slide.setAttribute('role', 'group');
  const image = newImage(url);
  image.className = 'carrousel__picture';
  image.decoding = 'async';
  pictures.watch(image, onChange);
  const id = messageOf(url);
  // A picture that the operator put there by hand has no message to lead to.
  const frame = document.createElement(id ? 'a' : 'div');
  frame.className = 'carrousel__frame';
  if (id) frame.href = `#${id}`;
  else frame.dataset.operators = url;
  frame.append(image);
  slide.append(frame);
  stage.append(slide);
  image.fetchPriority = 'high';
  pictures.ask(image, {
    url,
    versions: picture ? versionsOf(picture) : smallOf(url),
    width: widthInCarrousel(window, picture ? picture.width / picture.height : undefined),
  });

  return {
    isThere: () => image.complete,
    isBroken: () => pictures.isBroken(image),
    remove() {
      slide.remove();
      // Ends the request of one that has not come.
      if (!image.complete) for (const name of ['srcset', 'src']) image.removeAttribute(name);
    },
    /** Draws the picture once more, and answers whether it is there. */
    drawOn(canvas) {
      const { naturalWidth, naturalHeight } = image;
      if (naturalWidth === 0) return false;
      canvas.width = 64;
      canvas.height = Math.ceil((64 * naturalHeight) / naturalWidth);
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
      return true;
    },
    /** @param moving null where it shows nothing that moves */
    update({ isCurrent, moving, role, position, description }) {
      const isShown = isCurrent && !pictures.isBroken(image);
      slide.classList.toggle('is-current', isShown);
      slide.inert = !isShown;
      slide.setAttribute('aria-roledescription', role);
      slide.setAttribute('aria-label', position);
      image.alt = description;
      if (moving !== null) setMotion(image, moving);
    },
  };
}
