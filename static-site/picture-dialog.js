// A picture as large as the screen allows, and from there to the others. Back closes it. Loaded when the first one is
// about to be opened.

import { emit } from './events.js';
import { describePicture } from './picture.js';
import { LONG_RATIO } from './picture-file.js';
import { moves } from './small.js';
import { enlarge, setMotion } from './still.js';

/**
 * Emits `picture-dialog-toggled`.
 * @param reducedMotion whether what moves waits for the viewer to say so
 */
export function mount(dialog, { feed, pictures, reducedMotion, words, clock, window }) {
  const { history } = window;
  const find = (selector) => dialog.querySelector(selector);
  const stage = find('.picture-dialog__stage');
  const image = find('.picture-dialog__image');
  const play = find('.picture-dialog__play');
  const show = pictures.frame(image);
  let message = null;
  let playing = !reducedMotion;

  function update() {
    if (!message) return;
    const description = describePicture(message, { words, clock });
    const { width, height } = message.picture;
    // The screenshot of a whole page is read from its top, as wide as it is, and a panorama from its left.
    const isLong = height > LONG_RATIO * width;
    const isWide = width > LONG_RATIO * height;
    stage.classList.toggle('is-long', isLong);
    stage.classList.toggle('is-wide', isWide);
    stage.style.setProperty('--width', width);
    stage.style.setProperty('--height', height);
    stage.style.setProperty('--ratio', width / height);
    // To be scrolled by the keyboard.
    if (isLong || isWide) stage.tabIndex = 0;
    else stage.removeAttribute('tabindex');
    // For the eyes: to those who hear it, the picture itself says it.
    find('.picture-dialog__caption bdi').textContent = description;
    find('.picture-dialog__previous').setAttribute('aria-disabled', String(!neighbour(-1)));
    find('.picture-dialog__next').setAttribute('aria-disabled', String(!neighbour(1)));
    if (!dialog.open) return;
    // The stage gives it its size, whichever version comes.
    show(message.picture, description, () => image.clientWidth);
    showMotion();
    look();
  }

  function showMotion() {
    const isMoving = moves(message.picture);
    play.hidden = !isMoving;
    play.classList.toggle('is-playing', playing);
    play.setAttribute('aria-label', words.say(playing ? 'picture.pause' : 'picture.play'));
    setMotion(image, isMoving ? playing : null);
  }

  /** Brings the original where the screen shows more of it than the largest small version has, pinched as well. */
  function look() {
    const { picture } = message;
    const shown = image.clientWidth * window.devicePixelRatio * (window.visualViewport?.scale ?? 1);
    if (shown > picture.small.at(-1)?.width && !moves(picture)) void enlarge(image);
  }

  function neighbour(by) {
    const messages = feed.messages.filter(({ picture }) => picture);
    const index = messages.findIndex(({ id }) => id === message.id);
    return index < 0 ? null : (messages[index + by] ?? null);
  }

  const goesOn = (by) => (by < 0 ? stage.scrollLeft > 0 : stage.scrollLeft + stage.clientWidth + 1 < stage.scrollWidth);

  function step(by) {
    const next = neighbour(by);
    if (!next) return;
    message = next;
    playing = !reducedMotion;
    update();
    stage.scrollTo(0, 0);
  }

  function open(chosen) {
    message = chosen;
    playing = !reducedMotion;
    // What can be scrolled gets the keyboard, so that is known before; and how large it is, after.
    update();
    dialog.showModal();
    update();
    emit(dialog, 'picture-dialog-toggled');
    stage.scrollTo(0, 0);
    // An entry of its own, so that Back leads to the page as it was.
    history.pushState({ picture: chosen.id }, '');
  }

  // However it is closed, its entry in the history goes.
  dialog.addEventListener('close', () => {
    message = null;
    show(null);
    setMotion(image, null);
    emit(dialog, 'picture-dialog-toggled');
    if (history.state?.picture) history.back();
  });
  window.addEventListener('popstate', () => dialog.open && dialog.close());
  find('.picture-dialog__close').addEventListener('click', () => dialog.close());
  for (const viewport of [window, window.visualViewport]) viewport?.addEventListener('resize', () => message && look());
  play.addEventListener('click', () => {
    playing = !playing;
    showMotion();
  });
  find('.picture-dialog__previous').addEventListener('click', () => step(-1));
  find('.picture-dialog__next').addEventListener('click', () => step(1));
  // Beside the picture is outside.
  dialog.addEventListener('click', ({ target }) => target.matches('.picture-dialog, .picture-dialog__stage') && dialog.close());
  dialog.addEventListener('keydown', ({ key, target }) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    // Where the picture goes on, the keys go along it first.
    if (by && !(target === stage && goesOn(by))) step(by);
  });
  // A reload while it was open: the page comes back without it.
  if (history.state?.picture) history.replaceState(null, '');

  return {
    open,
    update,
    get isOpen() {
      return dialog.open;
    },
  };
}
