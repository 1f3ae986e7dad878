// The tiles of the grid of all pictures: only those that are nearly seen are there, however many pictures there are.

import { describe, describeAny } from './picture.js';
import { movesByName, smallOf } from './small.js';
import { put } from './words.js';

/** `show` makes the tiles of what `state` says: the addresses `urls`, their `grid`, and the one that the keyboard is at, `active`. */
export function createPictureTiles(holder, { scroller, state, feed, pictures, reducedMotion, words, clock, window }) {
  const { document } = window;
  const tiles = new Map();
  /** The sections that are in the page, by the place of their first picture. */
  const sections = new Map();

  /** Makes the tiles that are nearly seen, and lets go of the others. */
  function show() {
    const { urls, grid, active } = state;
    const { scrollTop, clientHeight } = scroller;
    const wanted = new Set();
    const seen = grid.between(scrollTop - clientHeight / 2, scrollTop + 1.5 * clientHeight);
    const at = urls.indexOf(active);
    // The tile that has the keyboard focus stays, wherever it is.
    if (at >= 0 && !seen.some(({ from, to }) => at >= from && at < to)) seen.push({ ...grid.sectionOf(at), from: at, to: at + 1 });
    const months = new Set(seen.map(({ start }) => start));
    for (const [start, element] of sections) {
      if (months.has(start) && element.dataset.month === String(grid.sectionOf(start).month)) continue;
      element.remove();
      sections.delete(start);
    }
    for (const section of seen) {
      const list = showSection(section).lastElementChild;
      for (let index = section.from; index < section.to; index += 1) {
        wanted.add(urls[index]);
        showTile(index, list);
      }
    }
    for (const [url, tile] of tiles) {
      if (wanted.has(url)) continue;
      tile.remove();
      // A picture that has not come is no longer asked for.
      const image = tile.querySelector('img');
      if (!image.complete) for (const name of ['srcset', 'src']) image.removeAttribute(name);
      tiles.delete(url);
    }
  }

  function showSection({ month, start, top, height }) {
    if (!sections.has(start)) {
      const [section, title, list] = ['section', 'h3', 'ul'].map((tag) => document.createElement(tag));
      section.className = 'all-pictures__month';
      section.dataset.month = String(month);
      list.setAttribute('role', 'list');
      section.append(title, list);
      const after = [...sections.keys()].filter((other) => other > start).sort((one, other) => one - other)[0];
      holder.insertBefore(section, sections.get(after) ?? null);
      sections.set(start, section);
    }
    const section = sections.get(start);
    Object.assign(section.style, { insetBlockStart: `${top}px`, blockSize: `${height}px` });
    const name = month ? new Date(`${month}-15T12:00`).toLocaleDateString(words.locale, { year: 'numeric', month: 'long' }) : words.say('pictures.undated');
    section.setAttribute('aria-label', name);
    put(section.firstElementChild, name);
    return section;
  }

  function showTile(index, list) {
    const { urls, grid, active } = state;
    const url = urls[index];
    const { top, start } = grid.placeOf(index);
    if (!tiles.has(url)) tiles.set(url, newTile(url));
    const tile = tiles.get(url);
    const next = tiles.get(urls[index + 1]);
    // The tiles stand in the order in which they are read.
    if (tile.parentElement !== list) list.insertBefore(tile, next?.parentElement === list ? next : null);
    tile.setAttribute('aria-setsize', urls.length);
    tile.setAttribute('aria-posinset', index + 1);
    Object.assign(tile.style, { insetBlockStart: `${top - grid.heading}px`, insetInlineStart: `${start}px`, inlineSize: `${grid.side}px` });
    tile.firstElementChild.tabIndex = url === active ? 0 : -1;
    const image = tile.querySelector('img');
    const description = describeAny(url, feed.withPicture(url), { words, clock });
    if (image.alt !== description) describe(image, description, words);
  }

  function newTile(url) {
    const [tile, button] = ['li', 'button'].map((tag) => document.createElement(tag));
    tile.className = 'all-pictures__tile';
    button.type = 'button';
    button.dataset.url = url;
    const image = new window.Image();
    image.decoding = 'async';
    button.append(image);
    tile.append(button);
    pictures.watch(image, () => tile.classList.toggle('is-broken', pictures.isBroken(image)));
    pictures.ask(image, { url, versions: smallOf(url).slice(0, 1), width: state.grid.side });
    if (movesByName(url)) {
      import('./still.js').then(({ holdStill }) => holdStill(image, button, { reducedMotion })).catch(() => {});
    }
    return tile;
  }

  return {
    show,
    /** The tile of a picture, where it has one. */
    of: (url) => tiles.get(url),
    clear() {
      for (const element of sections.values()) element.remove();
      sections.clear();
      tiles.clear();
    },
  };
}
