// All pictures of the board as a grid to jump in. Only those that are nearly seen have tiles, however many there are.
// Loaded when it is wanted.

import { addStyle } from './add-style.js';
import { emit } from './events.js';
import { openOverlay } from './overlays.js';
import { PictureGrid } from './picture-grid.js';
import { createPictureTiles } from './picture-tiles.js';
import { onResize } from './resize.js';
import { put } from './words.js';

/** The sizes of the grid in CSS pixels, as all-pictures.css has them. */
const MEASURES = { tile: 140, least: 3, gap: 4, heading: 52 };

const MARKUP = `
  <div class="all-pictures__bar">
    <h2 class="all-pictures__title" id="all-pictures-title" data-say="board.pictures"></h2>
    <span class="all-pictures__count"></span>
    <button class="button button--quiet all-pictures__close" type="button" data-say-label="picture.close">
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>
    </button>
  </div>
  <div class="all-pictures__scroller"><div class="all-pictures__grid"></div></div>
  <p class="all-pictures__empty" data-say="pictures.empty" hidden></p>`;

/**
 * Emits `picture-opened` with `{ url }`, and `all-pictures-wanted`.
 * @param gallery the addresses of the board's pictures, newest first
 */
export async function mount(_, { feed, gallery, pictures, reducedMotion, words, clock, window }) {
  const { document } = window;
  await addStyle(document, 'all-pictures.css');
  const dialog = Object.assign(document.createElement('dialog'), { className: 'all-pictures', innerHTML: MARKUP });
  dialog.setAttribute('aria-labelledby', 'all-pictures-title');
  document.body.append(dialog);
  const find = (part) => dialog.querySelector(`.all-pictures__${part}`);
  const scroller = find('scroller');
  const holder = find('grid');
  /** The pictures as they are shown, and the one that the keyboard is at. */
  const state = { urls: [], grid: new PictureGrid([], { width: 0, ...MEASURES }), active: null };
  const tiles = createPictureTiles(holder, { scroller, state, feed, pictures, reducedMotion, words, clock, window });
  /** Whether a picture is open below this view, which then goes on to the picture that is chosen. */
  let isAbovePicture = false;
  let frame = 0;

  /** Brings the grid in line with the pictures and its width, and holds still what is seen of it. */
  function update() {
    if (!dialog.open) return;
    const { scrollTop } = scroller;
    const { urls: before, grid: old } = state;
    const seen = before.findIndex((_url, index) => old.topOf(index) + old.side > scrollTop);
    const { urls } = gallery;
    const grid = new PictureGrid(urls, { width: holder.clientWidth, ...MEASURES });
    const active = urls.includes(state.active) ? state.active : (urls[Math.max(0, seen)] ?? null);
    Object.assign(state, { urls, grid, active });
    words.fill(dialog);
    put(find('count'), urls.length > 0 ? urls.length.toLocaleString(words.locale) : '');
    find('empty').hidden = urls.length > 0;
    holder.style.blockSize = `${grid.height}px`;
    const place = seen >= 0 && scrollTop > 0 ? urls.indexOf(before[seen]) : -1;
    if (place >= 0) scroller.scrollTop = grid.topOf(place) + scrollTop - old.topOf(seen);
    tiles.show();
  }

  /** Goes to a picture by the keyboard. */
  function go(index) {
    const { urls, grid } = state;
    state.active = urls[index];
    const top = grid.topOf(index);
    const { scrollTop, clientHeight } = scroller;
    if (top - grid.heading < scrollTop) scroller.scrollTop = top - grid.heading;
    else if (top + grid.side > scrollTop + clientHeight) scroller.scrollTop = top + grid.pitch - clientHeight;
    tiles.show();
    tiles.of(state.active).firstElementChild.focus({ preventScroll: true });
  }

  const page = () => Math.max(1, Math.floor(scroller.clientHeight / state.grid.pitch) - 1);
  const towards = (key) => ((key === 'ArrowRight') === dialog.matches(':dir(ltr)') ? 1 : -1);
  const KEYS = {
    ArrowLeft: (at) => at + towards('ArrowLeft'),
    ArrowRight: (at) => at + towards('ArrowRight'),
    ArrowUp: (at) => state.grid.down(at, -1),
    ArrowDown: (at) => state.grid.down(at, 1),
    PageUp: (at) => state.grid.down(at, -page()),
    PageDown: (at) => state.grid.down(at, page()),
    Home: () => 0,
    End: () => state.urls.length - 1,
  };

  scroller.addEventListener('keydown', (event) => {
    const { key, altKey, ctrlKey, metaKey } = event;
    if (altKey || ctrlKey || metaKey || !Object.hasOwn(KEYS, key) || state.active === null) return;
    event.preventDefault();
    go(Math.max(0, Math.min(state.urls.length - 1, KEYS[key](state.urls.indexOf(state.active)))));
  });
  scroller.addEventListener('scroll', () => {
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(() => dialog.open && tiles.show());
  });
  holder.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (!button) return;
    state.active = button.dataset.url;
    if (isAbovePicture) dialog.close();
    emit(button.parentElement, 'picture-opened', { url: state.active });
  });
  find('close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    state.urls = [];
    tiles.clear();
  });
  onResize(holder, update);

  return {
    update,
    /** @param url the picture to begin at, which is open below or above, or null */
    open(url = null) {
      if (!dialog.open) isAbovePicture = url !== null;
      state.active = url;
      openOverlay(dialog);
      emit(dialog, 'all-pictures-wanted');
      update();
      if (state.active !== null) go(state.urls.indexOf(state.active));
    },
  };
}
