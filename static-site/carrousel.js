// The pictures of the board, one at a time (pattern: https://www.w3.org/WAI/ARIA/apg/patterns/carousel/).

import { Slides } from './slides.js';

const SHOW_FOR_MS = 6_000;

/**
 * @param describe the alternative text of a picture's address, or null where none is known
 * @param still whether the viewer prefers reduced motion: then nothing moves by itself
 */
export function mountCarrousel(root, { clock, describe, still }) {
  const find = (selector) => root.querySelector(selector);
  const stage = find('.carrousel__stage');
  const images = new Map();
  const broken = new Set();

  const slides = new Slides();
  const state = {
    loaded: false,
    playing: !still,
    /** Pointer or focus is on the carrousel: it must not move away under the viewer. */
    held: false,
    /** The viewer has chosen a picture; a new one does not push it aside. */
    chosen: false,
  };
  let timer;
  /** The picture the timer will move on from, or null where nothing moves. */
  let scheduledFor = null;

  function update() {
    const { length } = slides.urls;
    showImages();

    const note = find('.carrousel__note');
    note.hidden = !state.loaded || (length > 0 && !broken.has(slides.current));
    note.textContent = length > 0 ? 'This picture cannot be shown.' : 'Every picture that is posted shows up here.';

    // Out of sight, but in its place: what is below does not move when pictures come.
    find('.carrousel__controls').classList.toggle('is-idle', length < 2);
    find('.carrousel__count').textContent = `${slides.index + 1} / ${length}`;
    const play = find('.carrousel__play');
    play.setAttribute('aria-label', state.playing ? 'Pause the pictures' : 'Play the pictures');
    play.classList.toggle('is-playing', state.playing);
    // Announced only where the viewer moves it, not when it moves by itself.
    stage.setAttribute('aria-live', state.playing && !state.held ? 'off' : 'polite');
    schedule();
  }

  function showImages() {
    const near = slides.near;
    for (const [url, image] of images) {
      if (near.includes(url)) continue;
      image.remove();
      images.delete(url);
      broken.delete(url);
    }
    for (const url of near) {
      if (!images.has(url)) images.set(url, createImage(url));
      const image = images.get(url);
      const current = url === slides.current;
      image.classList.toggle('is-current', current && !broken.has(url));
      image.setAttribute('aria-hidden', String(!current));
      image.alt = describe(url) ?? `Picture ${slides.urls.indexOf(url) + 1} of ${slides.urls.length}`;
    }
  }

  function createImage(url) {
    const image = document.createElement('img');
    image.className = 'carrousel__picture';
    image.decoding = 'async';
    image.addEventListener('error', () => {
      broken.add(url);
      update();
    });
    image.src = url;
    stage.append(image);
    return image;
  }

  function schedule() {
    const moving = state.playing && !state.held && slides.urls.length > 1;
    const wanted = moving ? slides.current : null;
    // Unrelated updates must not keep a picture up longer.
    if (wanted === scheduledFor) return;
    clock.clearTimeout(timer);
    scheduledFor = wanted;
    if (moving) {
      timer = clock.setTimeout(() => {
        scheduledFor = null;
        slides.step(1);
        update();
      }, SHOW_FOR_MS);
    }
  }

  function choose(by) {
    state.chosen = true;
    slides.step(by);
    update();
  }

  function hold(held) {
    state.held = held;
    update();
  }

  find('.carrousel__previous').addEventListener('click', () => choose(-1));
  find('.carrousel__next').addEventListener('click', () => choose(1));
  find('.carrousel__play').addEventListener('click', () => {
    state.playing = !state.playing;
    state.chosen = !state.playing;
    update();
  });
  const isHeld = () => root.matches(':hover') || root.contains(document.activeElement);
  for (const type of ['mouseenter', 'mouseleave', 'focusin']) {
    root.addEventListener(type, () => hold(isHeld()));
  }
  // While `focusout` runs the focus is nowhere yet.
  root.addEventListener('focusout', ({ relatedTarget }) => hold(root.matches(':hover') || root.contains(relatedTarget)));

  return {
    update,
    /** Takes carrousel.json. */
    setPictures(list) {
      state.loaded = true;
      slides.take(list, { follow: !state.chosen && !state.held });
      update();
    },
  };
}
