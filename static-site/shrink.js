// Makes a chosen picture fit for the board before it is sent: large photos smaller, formats that the board
// does not take into ones that it does. What is fine already, and what moves, is sent as it is.
//
// A picture is `{ name, type, size, bytes }`, a copy: a `File` is only a reference to something that may change
// or vanish, and private windows of WebKit do not keep one.

import { sniff } from './sniff.js';

const LONG_SIDE = 2048;
/** A picture more than so many times as long as wide, such as a screenshot of a whole page, is read along its length. */
export const LONG_RATIO = 3;
/** Of a long picture: where its writing is still readable. */
const SHORT_SIDE = 1440;
/** What the board takes at most. */
const SIDE = 16_384;
const PIXELS = 50_000_000;
const JPEG_QUALITY = 0.86;
/** Where the first attempt is still over the limit, or larger than the browser can draw. */
const SMALLER = [1, 0.75, 0.5, 0.25];
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
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    throw new Unfit('picture.unreadable');
  }
  return pictureOf(file.name, file.type, bytes);
}

const pictureOf = (name, type, bytes) => ({ name, type, size: bytes.byteLength, bytes });

/** The picture as the browser's own interfaces want it. */
export const fileOf = ({ name, type, bytes }) => new File([bytes], name, { type });

/**
 * @returns `{ picture, width, height, changed }`, where `changed` is null, `'shrunk'`, `'converted'` or, where it
 * moved and no longer does, `'stilled'`
 * @throws {Unfit}
 */
export async function prepare(picture, { limit, decode, newCanvas }) {
  const kind = sniff(new Uint8Array(picture.bytes));
  if (kind.taken && kind.moves) return within(limit, { picture, changed: null });
  const bitmap = await decoded(picture, kind, decode);
  try {
    const { width, height } = bitmap;
    const isTaken = kind.taken && picture.size <= limit && Math.max(width, height) <= SIDE && width * height <= PIXELS;
    if (isTaken && (isLong(bitmap) || Math.max(width, height) <= LONG_SIDE)) return { picture, changed: null };
    const drawn = await redraw(bitmap, { picture, kind, limit, newCanvas });
    // A drawing of few colours may be smaller as it was.
    if (isTaken && picture.size <= drawn.picture.size) return { picture, changed: null };
    const changed = drawn.width < width || kind.taken ? 'shrunk' : 'converted';
    return within(limit, { ...drawn, changed: kind.moves ? 'stilled' : changed });
  } finally {
    bitmap.close();
  }
}

/**
 * Draws a picture anew that the board could not read, and this browser can; null where drawing it would lose
 * its movement.
 */
export async function drawnAnew(picture, { limit, decode, newCanvas }) {
  const kind = sniff(new Uint8Array(picture.bytes));
  if (kind.moves) return null;
  const bitmap = await decoded(picture, kind, decode);
  try {
    return within(limit, await redraw(bitmap, { picture, kind, limit, newCanvas })).picture;
  } finally {
    bitmap.close();
  }
}

function within(limit, fit) {
  const { size } = fit.picture;
  if (size > limit) throw new Unfit('picture.too-large', { bytes: size, limitBytes: limit });
  return fit;
}

async function decoded(picture, { type }, decode) {
  try {
    // As it is to be seen: turned as the camera says.
    return await decode(fileOf(picture), { imageOrientation: 'from-image' });
  } catch {
    throw new Unfit(type === 'image/heic' ? 'picture.heic' : 'picture.undecodable');
  }
}

const isLong = ({ width, height }) => Math.max(width, height) > LONG_RATIO * Math.min(width, height);

/** By how much a picture is made smaller, 1 where it is small enough. */
export function scaleFor({ width, height }) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const wanted = isLong({ width, height }) ? SHORT_SIDE / short : LONG_SIDE / long;
  // A little less than all of the pixels, since sides are rounded.
  return Math.min(1, wanted, SIDE / long, Math.sqrt((0.999 * PIXELS) / (width * height)));
}

async function redraw(bitmap, { picture, kind, limit, newCanvas }) {
  const canvas = newCanvas();
  let drawn = null;
  for (const part of SMALLER) {
    const scale = part * scaleFor(bitmap);
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    for (const type of formatsFor(kind, isOpaque(pixelsOf(canvas, context)))) {
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, JPEG_QUALITY));
      if (!blob) continue;
      drawn = { blob, width: canvas.width, height: canvas.height };
      if (blob.size <= limit) return named(picture, drawn);
    }
  }
  if (!drawn) throw new Unfit('picture.undecodable');
  return named(picture, drawn);
}

const pixelsOf = (canvas, context) => context.getImageData(0, 0, canvas.width, canvas.height).data;

async function named(original, { blob, width, height }) {
  const extension = blob.type.replace('image/', '').replace('jpeg', 'jpg');
  const name = `${original.name.replace(/\.[^.]*$/, '')}.${extension}`;
  return { picture: pictureOf(name, blob.type, await blob.arrayBuffer()), width, height };
}

/** In the order of trying. A browser that cannot write WebP writes PNG instead, so transparency is safe. */
export function formatsFor({ type }, opaque) {
  if (!opaque) return ['image/png', 'image/webp'];
  return ['image/png', 'image/bmp', 'image/gif'].includes(type) ? ['image/png', 'image/jpeg'] : ['image/jpeg'];
}

export function isOpaque(pixels) {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 255) return false;
  return true;
}
