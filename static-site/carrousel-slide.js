// One picture of the carrousel.

import { messageOf } from './slides.js';

export function createSlide(url, { stage, pictures, onChange }) {
  const slide = document.createElement('div');
  slide.className = 'carrousel__slide';
  slide.setAttribute('role', 'group');
  const image = document.createElement('img');
  image.className = 'carrousel__picture';
  image.decoding = 'async';
  pictures.watch(image, onChange);
  const id = messageOf(url);
  // A picture that the operator put there by hand has no message to lead to.
  const frame = document.createElement(id ? 'a' : 'div');
  frame.className = 'carrousel__frame';
  if (id) frame.href = `#${id}`;
  frame.append(image);
  slide.append(frame);
  stage.append(slide);
  image.fetchPriority = 'high';
  image.src = url;

  return {
    isThere: () => image.complete,
    isBroken: () => pictures.isBroken(image),
    remove() {
      slide.remove();
      // Ends the request of one that has not come.
      if (!image.complete) image.removeAttribute('src');
    },
    update({ isCurrent, role, position, description }) {
      const isShown = isCurrent && !pictures.isBroken(image);
      slide.classList.toggle('is-current', isShown);
      slide.inert = !isShown;
      slide.setAttribute('aria-roledescription', role);
      slide.setAttribute('aria-label', position);
      image.alt = description;
    },
  };
}
