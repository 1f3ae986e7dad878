// A picture as large as the screen allows, and from there to the others. Back closes it.

import { emit } from './events.js';
import { describePicture } from './picture.js';
import { LONG_RATIO } from './picture-file.js';

/** Emits `picture-dialog-toggled`. */
export function mountPictureDialog(dialog, { feed, pictures, words, clock, window }) {
  const { history } = window;
  const find = (selector) => dialog.querySelector(selector);
  const stage = find('.picture-dialog__stage');
  const show = pictures.frame(find('.picture-dialog__image'));
  let message = null;

  function update() {
    if (!message) return;
    const description = describePicture(message, { words, clock });
    const { width, height } = message.picture;
    // The screenshot of a whole page is read from its top, as wide as it is, and a panorama from its left.
    const isLong = height > LONG_RATIO * width;
    const isWide = width > LONG_RATIO * height;
    stage.classList.toggle('is-long', isLong);
    stage.classList.toggle('is-wide', isWide);
    stage.style.setProperty('--height', height);
    stage.style.setProperty('--ratio', width / height);
    // To be scrolled by the keyboard.
    if (isLong || isWide) stage.tabIndex = 0;
    else stage.removeAttribute('tabindex');
    show(message.picture, description);
    // For the eyes: to those who hear it, the picture itself says it.
    find('.picture-dialog__caption bdi').textContent = description;
    find('.picture-dialog__previous').setAttribute('aria-disabled', String(!neighbour(-1)));
    find('.picture-dialog__next').setAttribute('aria-disabled', String(!neighbour(1)));
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
    update();
    stage.scrollTo(0, 0);
  }

  function open(chosen) {
    message = chosen;
    update();
    dialog.showModal();
    emit(dialog, 'picture-dialog-toggled');
    stage.scrollTo(0, 0);
    // An entry of its own, so that Back leads to the page as it was.
    history.pushState({ picture: chosen.id }, '');
  }

  // However it is closed, its entry in the history goes.
  dialog.addEventListener('close', () => {
    message = null;
    show(null);
    emit(dialog, 'picture-dialog-toggled');
    if (history.state?.picture) history.back();
  });
  window.addEventListener('popstate', () => dialog.open && dialog.close());
  find('.picture-dialog__close').addEventListener('click', () => dialog.close());
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
