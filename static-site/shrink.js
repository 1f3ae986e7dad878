// Makes a chosen picture fit for the board before it is sent: large photos smaller, formats that the board
// does not take into ones that it does. What is fine already, and what moves, is sent as it is.

const LONG_SIDE = 2048;
/** What the board takes at most. */
const SIDE = 16_384;
const PIXELS = 50_000_000;
const JPEG_QUALITY = 0.86;
/** Where the first attempt is still over the limit. */
const SMALLER = [1, 0.75, 0.5, 0.25];
/** The header of any picture ends well before. */
const HEAD_BYTES = 1024 * 1024;

/** The file is no picture that this browser can read. */
export class Undecodable extends Error {}

/** @returns `{ file, width, height, changed }`, where `changed` is null, `'shrunk'` or `'converted'` */
export async function prepare(file, { limit, decode, newCanvas }) {
  const kind = sniff(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  if (kind.moves) return { file, changed: null };
  let bitmap;
  try {
    // As it is to be seen: turned as the camera says.
    bitmap = await decode(file, { imageOrientation: 'from-image' });
  } catch {
    throw new Undecodable();
  }
  try {
    const { width, height } = bitmap;
    const isSmall = Math.max(width, height) <= LONG_SIDE && file.size <= limit;
    if (kind.taken && isSmall) return { file, changed: null };
    const result = await redraw(bitmap, { kind, limit, newCanvas });
    // A drawing of few colours may be smaller as it was.
    const isTaken = kind.taken && file.size <= limit && Math.max(width, height) <= SIDE && width * height <= PIXELS;
    if (isTaken && file.size <= result.blob.size) return { file, changed: null };
    const type = result.blob.type.replace('image/', '');
    const name = `${file.name.replace(/\.[^.]*$/, '')}.${type === 'jpeg' ? 'jpg' : type}`;
    return {
      file: new File([result.blob], name, { type: result.blob.type }),
      width: result.width,
      height: result.height,
      changed: result.width < width || kind.taken ? 'shrunk' : 'converted',
    };
  } finally {
    bitmap.close();
  }
}

async function redraw(bitmap, { kind, limit, newCanvas }) {
  const canvas = newCanvas();
  let result;
  for (const part of SMALLER) {
    const scale = part * Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const opaque = isOpaque(context.getImageData(0, 0, canvas.width, canvas.height).data);
    for (const type of formatsFor(kind, opaque)) {
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, JPEG_QUALITY));
      if (!blob) throw new Undecodable();
      result = { blob, width: canvas.width, height: canvas.height };
      if (blob.size <= limit) return result;
    }
  }
  return result;
}

/** In the order of trying. A browser that cannot write WebP writes PNG instead, so transparency is safe. */
export function formatsFor({ type }, opaque) {
  if (!opaque) return ['image/png', 'image/webp'];
  return type === 'image/png' || type === 'image/bmp' ? ['image/png', 'image/jpeg'] : ['image/jpeg'];
}

export function isOpaque(pixels) {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at] !== 255) return false;
  return true;
}

/**
 * What kind of file this is, by its first bytes: `type`, whether the board takes it, and whether it `moves`,
 * so that drawing it would lose all but one of its frames.
 */
export function sniff(bytes) {
  const text = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text(0, 3) === '\xff\xd8\xff') return { type: 'image/jpeg', taken: true, moves: false };
  // One frame or many: a GIF is small enough, and people mean them to move.
  if (text(0, 4) === 'GIF8') return { type: 'image/gif', taken: true, moves: true };
  if (text(1, 8) === 'PNG\r\n\x1a\n') return { type: 'image/png', taken: true, moves: isAnimatedPng(text, view) };
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') {
    const moves = text(12, 16) === 'VP8X' && (bytes[20] & 2) !== 0;
    return { type: 'image/webp', taken: true, moves };
  }
  // The board takes only BMP that is not compressed.
  if (text(0, 2) === 'BM') return { type: 'image/bmp', taken: bytes.length > 34 && view.getUint32(30, true) === 0, moves: false };
  return { type: null, taken: false, moves: false };
}

function isAnimatedPng(text, view) {
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const chunk = text(at + 4, at + 8);
    if (chunk === 'acTL') return true;
    if (chunk === 'IDAT') return false;
  }
  return false;
}
