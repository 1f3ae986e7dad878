// What moderators do about the pictures that the operator put there by hand: taking one down that is in the
// carrousel, and restoring those that were taken down. Loaded with what moderators have.

import { emit } from './events.js';
import { messageOf, nameOf } from './slides.js';

/**
 * Emits `messages-changed` on `page` where the carrousel is another one now.
 * @param carrousel the element, whose tiles get the button
 * @param attempt as judging.js has it
 */
export function createOperatorsPictures({ carrousel, section, queue, api, session, attempt, announce, words, page, window }) {
  /** What was taken down and is shown: the pictures by their addresses. */
  const shown = new Map();

  async function takeDown(url) {
    const isDone = await attempt(async () => {
      await api.takePictureDown(url);
      return true;
    });
    if (!isDone) return;
    announce([['acted.takePictureDown', { count: 1 }]]);
    queue.remember('takePictureDown', [{ id: url }]);
    emit(page, 'messages-changed');
  }

  async function restore(url) {
    const restored = await attempt(() => api.restorePicture(url));
    if (!restored) return;
    announce([['acted.restorePicture', { count: 1 }]]);
    await queue.refresh();
    emit(page, 'messages-changed');
  }

  /** Gives a picture of the carrousel what takes it down, below it. */
  function dress(tile) {
    const there = tile.querySelector('.carrousel__take-down');
    if (session.token === null) return there?.remove();
    const button = there ?? tile.appendChild(Object.assign(page.createElement('button'), { type: 'button', className: 'button button--danger carrousel__take-down' }));
    button.onclick = () => void takeDown(tile.dataset.operators);
    button.textContent = words.say('act.takePictureDown');
  }

  function newItem(url) {
    const [item, name, again] = ['li', 'bdi', 'button'].map((tag) => page.createElement(tag));
    const image = Object.assign(new window.Image(), { alt: '', className: 'review__thumbnail' });
    name.textContent = nameOf(url);
    Object.assign(again, { className: 'button', type: 'button' });
    again.dataset.say = 'act.restore';
    again.setAttribute('aria-label', `${words.say('act.restore')}: ${nameOf(url)}`);
    again.addEventListener('click', () => void restore(url));
    item.append(image, name, again);
    api.removedPicture(url).then(
      (blob) => {
        image.src = window.URL.createObjectURL(blob);
        image.addEventListener('load', () => window.URL.revokeObjectURL(image.src), { once: true });
      },
      // The picture's name is enough to restore it by.
      () => image.remove(),
    );
    return item;
  }

  function updateList() {
    const { pictures, tab } = queue;
    section.hidden = tab !== 'removed' || pictures.length === 0;
    for (const [url, item] of shown) {
      if (pictures.some((picture) => picture.url === url)) continue;
      item.remove();
      shown.delete(url);
    }
    for (const { url } of pictures) {
      if (shown.has(url)) continue;
      shown.set(url, newItem(url));
      section.querySelector('ul').append(shown.get(url));
    }
    words.fill(section);
  }

  /** Gives the picture dialog the button that takes the picture down, while it shows one of the operator's. */
  function dressDialog({ target: dialog, detail: url }) {
    dialog.querySelector('.picture-dialog__take-down')?.remove();
    if (session.token === null || url === null || messageOf(url)) return;
    const button = Object.assign(page.createElement('button'), { type: 'button', className: 'button button--danger picture-dialog__take-down' });
    button.textContent = words.say('act.takePictureDown');
    button.addEventListener('click', () => {
      // The dialog is closed, since what undoes the act is on the page.
      dialog.close();
      void takeDown(url);
    });
    dialog.querySelector('.picture-dialog__sheet').append(button);
  }

  function update() {
    for (const tile of carrousel.querySelectorAll('[data-operators]')) dress(tile);
    updateList();
  }

  queue.addEventListener('change', update);
  page.addEventListener('picture-shown', dressDialog);
  new window.MutationObserver(update).observe(carrousel.querySelector('.carrousel__strip'), { childList: true });
  update();

  return { update };
}
