// The pictures of the board, one at a time (pattern: https://www.w3.org/WAI/ARIA/apg/patterns/carousel/).

import { createSlide } from './carrousel-slide.js';
import { emit } from './events.js';
import { describePicture } from './picture.js';
import { Slides, messageOf, nameOf, postedAt } from './slides.js';
import { moves } from './small.js';
import { relativeTime } from './time.js';

const SHOW_FOR_MS = 6_000;

/**
 * @param feed knows the messages that the pictures were posted with
 * @param newImage makes an `<img>` for a picture, which may be on its way already
 * @param reducedMotion whether the carrousel does not begin to move by itself, nor any picture in it
 * @param reducedData whether the neighbours of the current picture are not loaded in advance
 */
export function mountCarrousel(root, { clock, feed, pictures, words, newImage, reducedMotion, reducedData, page, window }) {
  const find = (selector) => root.querySelector(selector);
  const stage = find('.carrousel__stage');
  const backdrop = find('.carrousel__backdrop');
  const views = new Map();
  const slides = new Slides();
  const state = {
    loaded: false,
    playing: !reducedMotion,
    /** Some of it is on the screen; at first that is taken for granted, so that nothing waits for measuring. */
    inView: window.scrollY === 0 && !window.location.hash,
    /** Pointer or focus is on the carrousel: it must not move away under the viewer. */
    held: false,
    /** Nobody looks at the page, or something is before all of it. */
    obscured: false,
    /** The viewer has chosen a picture; a new one does not push it aside. */
    chosen: false,
  };
  /** What the backdrop shows. */
  let drawn = null;
  let timer;
  /** The picture the timer will move on from, or null where nothing moves. */
  let scheduledFor = null;

  function update() {
    const { length } = slides.urls;
    showViews();
    showBackdrop();

    const note = find('.carrousel__note');
    note.hidden = !state.loaded || (length > 0 && !views.get(slides.current)?.isBroken());
    note.textContent = words.say(length > 0 ? 'picture.broken' : 'carrousel.empty');

    // Out of sight, but in its place: what is below does not move when pictures come.
    find('.carrousel__controls').classList.toggle('is-idle', length < 2);
    find('.carrousel__count').textContent = `${slides.index + 1} / ${length}`;
    const play = find('.carrousel__play');
    play.setAttribute('aria-label', words.say(state.playing ? 'carrousel.pause' : 'carrousel.play'));
    play.classList.toggle('is-playing', state.playing);
    root.setAttribute('aria-roledescription', words.say('carrousel.role'));
    // Announced only where the viewer moves it, not when it moves by itself.
    stage.setAttribute('aria-live', state.playing && !state.held ? 'off' : 'polite');
    schedule();
  }

  const isSeen = () => state.inView && page.visibilityState === 'visible' && !state.obscured;

  function showViews() {
    const near = reducedData ? slides.near.slice(0, 1) : slides.near;
    for (const [url, view] of views) {
      // What has not come yet is not waited for where nobody sees it.
      if (near.includes(url) && (isSeen() || view.isThere())) continue;
      view.remove();
      views.delete(url);
    }
    for (const url of near) {
      // The neighbours wait for the one that is looked at.
      const isWanted = isSeen() && (url === slides.current || views.get(slides.current)?.isThere());
      if (isWanted && !views.has(url)) views.set(url, createSlide(url, { stage, picture: feed.withPicture(url)?.picture, pictures, newImage, onChange: update, window }));
      views.get(url)?.update({
        isCurrent: url === slides.current,
        moving: isMoving(url, feed) ? url === slides.current && state.held && !reducedMotion : null,
        role: words.say('carrousel.slide'),
        position: words.say('carrousel.position', { number: slides.urls.indexOf(url) + 1, total: slides.urls.length }),
        description: describe(url, { feed, words, clock }),
      });
    }
  }

  /** The current picture once more, out of focus, fills what it leaves of the stage. */
  function showBackdrop() {
    const view = views.get(slides.current);
    const isThere = Boolean(view?.isThere() && !view.isBroken());
    backdrop.classList.toggle('is-there', isThere);
    find('.badge').hidden = !isThere || !isMoving(slides.current, feed);
    if (isThere && drawn !== slides.current && view.drawOn(backdrop)) drawn = slides.current;
  }

  function schedule() {
    const moving = state.playing && !state.held && isSeen() && slides.urls.length > 1;
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
    if (slides.go(by)) emit(root, 'all-pictures-wanted');
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

  new IntersectionObserver((entries) => {
    state.inView = entries.at(-1).isIntersecting;
    update();
  }).observe(root);
  page.addEventListener('visibilitychange', update);

  return {
    update,
    setObscured(obscured) {
      state.obscured = obscured;
      update();
    },
    /** Takes a list of pictures, the newest last, or null where it is the one of before; `all` where it has all. */
    setPictures(list, { all }) {
      state.loaded = true;
      slides.take(list, { follow: !state.chosen && !state.held, all });
      update();
    },
  };
}

/** What is known of a picture: all where its message is, else when it was posted or what its file is called. */
function describe(url, { feed, words, clock }) {
  const message = feed.withPicture(url);
  if (message) return describePicture(message, { words, clock });
  const id = messageOf(url);
  return words.say('picture.named', { name: id ? relativeTime(postedAt(id), clock.now(), words) : nameOf(url) });
}

/** Whether a picture moves; its address tells where nothing else does. */
function isMoving(url, feed) {
  const message = feed.withPicture(url);
  return message ? moves(message.picture) : /\.(gif|apng)$/i.test(url);
}
