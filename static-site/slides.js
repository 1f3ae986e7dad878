// Which pictures the carrousel has, newest first, and how far along them somebody has gone.

/** How many pictures come first: where there are as many, there may be more. */
export const NEWEST = 100;
/** How many tiles there are at first, and how many more each time that the end of them is near. */
const STEP = 16;
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class Slides {
  /** Addresses, newest first. */
  urls = [];
  #length = STEP;
  #wantsAll = false;

  /** The pictures that have a tile. */
  get shown() {
    return this.urls.slice(0, this.#length);
  }

  /** Whether there are more than have a tile. */
  get goesOn() {
    return this.urls.length > this.#length;
  }

  /** Goes on along the pictures. Answers with true, once, that all of them are wanted beside the newest ones. */
  goOn() {
    if (this.goesOn) this.#length += STEP;
    const isBeyond = !this.#wantsAll && this.urls.length === NEWEST && this.#length >= NEWEST;
    this.#wantsAll ||= isBeyond;
    return isBeyond;
  }

  /** Takes a list of pictures, the newest last, or null where it is the one of before. */
  take(list) {
    if (list) this.urls = list.map(({ url }) => url).reverse();
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
