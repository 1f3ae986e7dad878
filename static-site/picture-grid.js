// Where each picture is in the grid of all pictures: in rows of square tiles, month by month. Knows no DOM.

import { messageOf, postedAt } from './slides.js';

/** `2026-11` for a picture of November, or null where its address does not tell. */
export function monthOf(url) {
  const id = messageOf(url);
  if (!id) return null;
  const moment = postedAt(id);
  return `${moment.getFullYear()}-${String(moment.getMonth() + 1).padStart(2, '0')}`;
}

export class PictureGrid {
  /** Each has its `month`, its pictures from `start` to before `end`, and its `top` and `height`. */
  sections = [];
  height = 0;

  /**
   * @param urls newest first; those whose month is not known stay with the one before them
   * @param width of the grid in CSS pixels, as are the others: `tile` is how wide one is at least
   */
  constructor(urls, { width, tile, least, gap, heading }) {
    this.columns = Math.max(least, Math.floor((width + gap) / (tile + gap)));
    this.side = (width - gap * (this.columns - 1)) / this.columns;
    this.pitch = this.side + gap;
    this.heading = heading;
    this.count = urls.length;
    for (const [index, url] of urls.entries()) {
      const month = monthOf(url);
      const last = this.sections.at(-1);
      if (last && (month === null || month === last.month)) last.end = index + 1;
      else this.sections.push({ month, start: index, end: index + 1 });
    }
    for (const section of this.sections) {
      section.top = this.height;
      section.height = heading + Math.ceil((section.end - section.start) / this.columns) * this.pitch;
      this.height += section.height;
    }
  }

  sectionOf(index) {
    return this.sections.find(({ end }) => index < end);
  }

  /** How far from the top of its section a picture is, and from its beginning. */
  placeOf(index) {
    const along = index - this.sectionOf(index).start;
    return { top: this.heading + Math.floor(along / this.columns) * this.pitch, start: (along % this.columns) * this.pitch };
  }

  topOf(index) {
    return this.sectionOf(index).top + this.placeOf(index).top;
  }

  /** The sections that are seen between two heights, each with the pictures of it `from` and `to` which are. */
  between(top, bottom) {
    return this.sections.filter((section) => section.top < bottom && section.top + section.height > top).map((section) => {
      const rowAt = (height) => Math.floor((height - section.top - this.heading) / this.pitch);
      return {
        ...section,
        from: Math.min(section.end, section.start + Math.max(0, rowAt(top)) * this.columns),
        to: Math.max(section.start, Math.min(section.end, section.start + (rowAt(bottom) + 1) * this.columns)),
      };
    });
  }

  /** The picture that is so many rows further down (or up), in the same column where there is one. */
  down(index, rows) {
    let at = index;
    for (let left = Math.abs(rows); left > 0; left -= 1) at = rows > 0 ? this.#below(at) : this.#above(at);
    return at;
  }

  #below(index) {
    const { start, end } = this.sectionOf(index);
    if (index + this.columns < end) return index + this.columns;
    const column = (index - start) % this.columns;
    const isLastRow = Math.floor((index - start) / this.columns) === Math.floor((end - 1 - start) / this.columns);
    if (!isLastRow) return end - 1;
    const next = this.sectionOf(end);
    return next ? Math.min(next.start + column, next.end - 1) : index;
  }

  #above(index) {
    const { start } = this.sectionOf(index);
    if (index - this.columns >= start) return index - this.columns;
    const column = (index - start) % this.columns;
    const before = start > 0 ? this.sectionOf(start - 1) : null;
    if (!before) return index;
    const lastRow = before.start + Math.floor((before.end - 1 - before.start) / this.columns) * this.columns;
    return Math.min(lastRow + column, before.end - 1);
  }
}
