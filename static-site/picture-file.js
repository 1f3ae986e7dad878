// A picture as the page keeps it: `{ name, type, size, bytes }`, a copy. A `File` is only a reference to something that
// may change or vanish, and private windows of WebKit do not keep one.

/** A picture more than this many times as long as wide, such as a screenshot of a whole page, is read along its length. */
export const LONG_RATIO = 3;
/** A larger file is no picture of 50 megapixels either, and would only fill the memory. */
const READABLE_BYTES = 256 * 1024 * 1024;

/** A file that cannot be posted, and the sentence that says why. */
export class Unfit extends Error {
  constructor(...saying) {
    super(saying[0]);
    this.saying = saying;
  }
}

/** Takes a copy of a file at once: a moment later it may not be there any more, or be another one. */
export async function read(file, limit) {
  if (file.size > READABLE_BYTES) throw new Unfit('picture.too-large', { bytes: file.size, limitBytes: limit });
  try {
    return pictureOf(file.name, file.type, await file.arrayBuffer());
  } catch {
    throw new Unfit('picture.unreadable');
  }
}

export const pictureOf = (name, type, bytes) => ({ name, type, size: bytes.byteLength, bytes });

/** The picture as the browser's own interfaces want it. */
export const fileOf = ({ name, type, bytes }) => new File([bytes], name, { type });
