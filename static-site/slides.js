// Which pictures the carrousel has and which one it is at. Newest first.

/** How many pictures come first: where there are as many, there may be more. */
const NEWEST = 100;
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class Slides {
  /** Addresses, newest first. */
  urls = [];
  index = 0;
  #wantsAll = false;
  #beyond = 0;

  get current() {
    return this.urls[this.index] ?? null;
  }

  /** The current picture and its neighbours: all that may be loaded. */
  get near() {
    const { length } = this.urls;
    if (length === 0) return [];
    return [...new Set([0, 1, -1].map((step) => this.urls[(this.index + step + length) % length]))];
  }

  /** Goes `by` pictures towards the older ones, round the end. */
  step(by) {
    const { length } = this.urls;
    if (length > 0) this.index = (this.index + by + length) % length;
  }

  /**
   * Goes `by` pictures as the viewer wants. Past the end of the newest ones all are wanted, which it answers with true
   * the first time: it goes there when they are taken.
   */
  go(by) {
    const isBeyond = !this.#wantsAll && this.urls.length === NEWEST && !this.urls[this.index + by];
    this.#beyond = isBeyond ? by : 0;
    this.#wantsAll ||= isBeyond;
    if (!isBeyond) this.step(by);
    return isBeyond;
  }

  /**
   * Takes a list of pictures, the newest last, or null where it is the one of before. Stays at the current
   * picture, or at its place where it is gone; with `follow` a new newest one comes first. With `all` the list has all
   * pictures, and who wanted to go beyond the newest ones goes on.
   */
  take(list, { follow, all = false }) {
    if (list) {
      const before = new Set(this.urls);
      const { current, index } = this;
      this.urls = list.map(({ url }) => url).reverse();
      const place = this.urls.indexOf(current);
      if (follow && !before.has(this.urls[0])) this.index = 0;
      else this.index = place >= 0 ? place : Math.max(0, Math.min(index, this.urls.length - 1));
    }
    if (all) {
      this.step(this.#beyond);
      this.#beyond = 0;
    }
  }
}

/** When a message was posted, by its id: a ULID begins with that, in milliseconds. */
export function postedAt(id) {
  return new Date([...id.slice(0, 10)].reduce((time, digit) => time * 32 + DIGITS.indexOf(digit), 0));
}

/** What the file of a picture is called. */
export function nameOf(url) {
  const name = url.split('/').at(-1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The id of the message that a picture was posted with, by its address; null for others. */
export function messageOf(url) {
  return /\/images\/([0-9A-HJKMNP-TV-Z]{26})(?:-\d+)?\.\w+$/.exec(url)?.[1] ?? null;
}
