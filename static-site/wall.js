// The ground of the cards: how many columns fit, where each card hangs, and what of it is read. The list is a wall of one
// column.

import { Masonry } from './masonry.js';

/** The narrowest column of the wall and the widest of the list, as style.css has them for what is in line with them. */
const NARROWEST = 244;
const WIDEST = 640;
/** How many screens away a card may be that counts as near. */
const SCREENS = 2;

/** The room of a card that is as wide as `element`, and the screen. */
export const roomIn = (element) => ({ width: element.clientWidth, screen: { width: window.innerWidth, height: window.innerHeight } });

/** @param layout answers `wall` or `list` */
export function createWall(list, { layout, window }) {
  let masonry = new Masonry(1, 0);
  let shape = { width: 0, columns: 1, gap: 0, margin: 0, screen: { width: 0, height: 0 } };
  const topOfList = () => list.getBoundingClientRect().top;

  function measure() {
    const { width: room, screen } = roomIn(list);
    const gap = Number.parseFloat(window.getComputedStyle(list).columnGap) || 0;
    const isList = layout() === 'list';
    const columns = isList ? 1 : Math.max(2, Math.floor((room + gap) / (NARROWEST + gap)));
    const width = isList ? Math.min(room, WIDEST) : (room - (columns - 1) * gap) / columns;
    return { columns, gap, width, margin: isList ? (room - width) / 2 : 0, screen };
  }

  return {
    get masonry() {
      return masonry;
    },

    get columns() {
      return shape.columns;
    },

    /** How wide a card is, and the screen. */
    get room() {
      return shape;
    },

    /** Takes the room that there is now. Answers how much wider the cards were, or null where all is as it was. */
    reshape() {
      const before = shape;
      shape = measure();
      if (shape.width === before.width && shape.columns === before.columns && shape.margin === before.margin) return null;
      list.style.setProperty('--column', `${shape.width}px`);
      return before.width / shape.width || 1;
    },

    /** Hangs all cards anew: `ids` in their order, as high as `heightOf` answers. */
    hang(ids, heightOf) {
      const next = new Masonry(shape.columns, shape.gap);
      for (const id of ids) next.add(id, heightOf(id));
      masonry = next;
    },

    /** Brings the cards to their places. */
    arrange(cards) {
      const { width, gap, margin } = shape;
      for (const [id, { item }] of cards) {
        const place = masonry.get(id);
        if (!place) continue;
        const across = `${margin + place.column * (width + gap)}px`;
        const down = `${place.top}px`;
        if (item.style.getPropertyValue('--across') !== across) item.style.setProperty('--across', across);
        if (item.style.getPropertyValue('--down') !== down) item.style.setProperty('--down', down);
      }
      list.style.blockSize = `${masonry.height}px`;
    },

    /** What of the wall is on the screen, from `top` to `bottom`. */
    view() {
      const top = -topOfList();
      return { top, bottom: top + window.innerHeight };
    },

    /** Whether a place is on the screen of a `view`, or no more than so many screens away. */
    isSeen: (place, { top, bottom }, screens = 0) => {
      const beyond = screens * (bottom - top);
      return place.top < bottom + beyond && place.top + place.height > top - beyond;
    },

    isNear(place, view) {
      return this.isSeen(place, view, SCREENS);
    },

    /** Whether a place is above the screen. */
    isPassed: ({ top, height }) => window.scrollY > 0 && top + height < -topOfList(),

    /** How far below the upper edge of the screen a message begins. */
    topOf: (id) => masonry.get(id).top + topOfList(),

    /** What is read: `{ id, top }` of the first message that is on the screen, where the page is scrolled; else null. */
    anchor() {
      const above = -topOfList();
      const id = window.scrollY > 0 && masonry.ids.find((one) => masonry.get(one).top + masonry.get(one).height > above);
      return id ? { id, top: this.topOf(id) } : null;
    },

    /** Scrolls so that the message of an `anchor`, or the next one that is there, is where it was. */
    bring({ id, top }) {
      const there = masonry.ids.find((one) => one <= id);
      const moved = there ? this.topOf(there) - top : 0;
      if (Math.abs(moved) >= 1) window.scrollBy({ top: moved, behavior: 'instant' });
    },
  };
}
