// Makes a chosen picture fit for the board before it is sent: large photos smaller, formats that the board
// does not take into ones that it does. What is fine already, and what moves, is sent as it is.
// This module and sniff.js are loaded when the first picture is chosen.

import { LONG_RATIO, Unfit, fileOf, pictureOf } from './picture-file.js';
import { isWhole, sizeOf, sniff } from './sniff.js';

const LONG_SIDE = 2048;
/** Of a long picture: where its writing is still readable. */
const SHORT_SIDE = 1440;
/** What the board takes at most. */
const SIDE = 16_384;
const PIXELS = 50_000_000;
const PIXELS_OF = { 'image/bmp': 4_000_000 };
const JPEG_QUALITY = 0.86;
/** Where the first attempt is still over the limit, or larger than the browser can draw. */
const SMALLER = [1, 0.75, 0.5, 0.25];

/**
 * @returns `{ picture, width, height, changed }`, where `changed` is null, `'shrunk'`, `'converted'` or, where it
 * moved and no longer does, `'stilled'`
 * @throws {Unfit}
 */
export async function prepare(original, { limit, decode, newCanvas }) {
  const bytes = new Uint8Array(original.bytes);
  const kind = sniff(bytes);
  // What a file is called settles nothing.
  const picture = { ...original, type: kind.type ?? original.type };
  if (picture.size === 0 || (kind.taken && !isWhole(bytes, kind))) throw new Unfit('picture.damaged');
  if (kind.taken && kind.moves) {
    if (!fits(sizeOf(bytes, kind), kind)) throw new Unfit('field.too-many-pixels');
    return within(limit, { picture, changed: null });
  }
  const bitmap = await decoded(picture, kind, decode);
  try {
    const { width, height } = bitmap;
    const isTaken = kind.taken && picture.size <= limit && fits(bitmap, kind);
    if (isTaken && (isLong(bitmap) || Math.max(width, height) <= LONG_SIDE)) return { picture, changed: null };
    const drawn = await redraw(bitmap, { picture, kind, limit, newCanvas });
    // A drawing of few colours may be smaller as it was.
    if (isTaken && (!drawn || picture.size <= drawn.picture.size)) return { picture, changed: null };
    if (!drawn) throw new Unfit('picture.undrawable', { limitBytes: limit });
    const changed = drawn.width < width || kind.taken ? 'shrunk' : 'converted';
    return within(limit, { ...drawn, changed: kind.moves ? 'stilled' : changed });
  } finally {
    bitmap.close();
  }
}

/**
 * Draws a picture anew that the board could not read, and this browser can; null where drawing it would lose
 * its movement, or nothing can be drawn.
 */
export async function drawnAnew(picture, { limit, decode, newCanvas }) {
  const kind = sniff(new Uint8Array(picture.bytes));
  if (kind.moves) return null;
  const bitmap = await decoded(picture, kind, decode);
  try {
    const drawn = await redraw(bitmap, { picture, kind, limit, newCanvas });
    return drawn && within(limit, drawn).picture;
  } finally {
    bitmap.close();
  }
}

function within(limit, fit) {
  const { size } = fit.picture;
  if (size > limit) throw new Unfit('picture.too-large', { bytes: size, limitBytes: limit });
  return fit;
}

const fits = ({ width, height }, { type }) => Math.max(width, height) <= SIDE && width * height <= (PIXELS_OF[type] ?? PIXELS);

async function decoded(picture, { type, taken }, decode) {
  try {
    // As it is to be seen: turned as the camera says.
    return await decode(fileOf(picture), { imageOrientation: 'from-image' });
  } catch {
    if (taken) throw new Unfit('picture.damaged');
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

/** Null where this browser lets nothing be drawn. */
async function redraw(bitmap, { picture, kind, limit, newCanvas }) {
  if (!isReadable(newCanvas)) return null;
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

/**
 * Whether what is drawn can be read: a browser that resists fingerprinting gives stripes or white instead. A few
 * values that are off by one, as others do it, are not seen.
 */
function isReadable(newCanvas) {
  const canvas = newCanvas();
  canvas.width = 16;
  canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const colors = Array.from({ length: 16 }, (_, at) => [16 * at, 255 - 16 * at, 0, 255]);
  colors.forEach(([red, green, blue], at) => {
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fillRect(at, 0, 1, 1);
  });
  const read = pixelsOf(canvas, context);
  return colors.flat().every((value, at) => Math.abs(value - read[at]) < 8);
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
