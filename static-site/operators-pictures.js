// What moderators do about the pictures that the operator put there by hand: taking the one down that the carrousel
// shows, and restoring those that were taken down. Loaded with what moderators have.

import { emit } from './events.js';
import { explainAct } from './judging.js';
import { nameOf } from './slides.js';

/**
 * Emits `messages-changed` on `page` where the carrousel is another one now.
 * @param carrousel the element, beside whose controls the button stands
 */
export function createOperatorsPictures({ carrousel, section, queue, api, session, announce, words, page, window }) {
  const button = Object.assign(page.createElement('button'), { type: 'button', className: 'button button--danger carrousel__take-down', hidden: true });
  /** What was taken down and is shown: the pictures by their addresses. */
  const shown = new Map();
  carrousel.append(button);

  /** The operator's picture that the carrousel shows now, or null. */
  const current = () => carrousel.querySelector('.is-current > [data-operators]')?.dataset.operators ?? null;

  async function attempt(action) {
    try {
      return await action();
    } catch (error) {
      announce(explainAct(error));
      queue.fail(error);
      return null;
    }
  }

  async function takeDown() {
    const url = current();
    if (!url) return;
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
      // Its name tells enough to restore it by.
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

  function update() {
    button.hidden = session.token === null || current() === null;
    button.textContent = words.say('act.takePictureDown');
    updateList();
  }

  button.addEventListener('click', () => void takeDown());
  queue.addEventListener('change', update);
  new window.MutationObserver(update).observe(carrousel.querySelector('.carrousel__stage'), { subtree: true, attributeFilter: ['class'] });
  update();

  return { update };
}
