// What kind of file a picture is, and whether all of it is there, by its bytes.

/** BMP headers whose compression field is at offset 30; the oldest, of OS/2, have none or mean something else by it. */
const BMP_HEADERS = [40, 52, 56, 108, 124];
const UNKNOWN = { type: null, taken: false, moves: false };

/**
 * `type`, whether the board takes it, and whether it `moves`, so that drawing it would lose all but one of its
 * frames.
 */
export function sniff(bytes) {
  const text = textIn(bytes);
  const view = viewOf(bytes);
  if (text(0, 3) === '\xff\xd8\xff') return { type: 'image/jpeg', taken: true, moves: false };
  if (text(0, 4) === 'GIF8') return { type: 'image/gif', taken: true, moves: framesOf(bytes).count > 1 };
  if (text(1, 8) === 'PNG\r\n\x1a\n') return { type: 'image/png', taken: true, moves: isAnimatedPng(text, view) };
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') {
    const moves = text(12, 16) === 'VP8X' && (bytes[20] & 2) !== 0;
    return { type: 'image/webp', taken: true, moves };
  }
  if (text(0, 2) === 'BM') {
    // The board takes only BMP that is not compressed.
    const taken = bytes.length > 34 && BMP_HEADERS.includes(view.getUint32(14, true)) && view.getUint32(30, true) === 0;
    return { type: 'image/bmp', taken, moves: false };
  }
  if (text(4, 8) === 'ftyp' && bytes.length >= 12) return isoMedia(text, view) ?? UNKNOWN;
  return UNKNOWN;
}

const textIn = (bytes) => (from, to) => String.fromCharCode(...bytes.subarray(from, to));
const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The sides of a picture that moves. */
export function sizeOf(bytes, { type }) {
  const view = viewOf(bytes);
  if (type === 'image/gif') return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (type === 'image/png') return { width: view.getUint32(16), height: view.getUint32(20) };
  // Of WebP, both in 24 bits, less one.
  return { width: 1 + (view.getUint32(24, true) & 0xffffff), height: 1 + (view.getUint32(26, true) >>> 8) };
}

/**
 * Whether a picture that the board takes is not cut short: some browsers show what is there of it, and would draw that.
 */
export function isWhole(bytes, { type }) {
  if (type === 'image/jpeg') return isWholeJpeg(bytes);
  if (type === 'image/png') return isWholePng(bytes);
  if (type === 'image/gif') return !framesOf(bytes).isCut;
  return lengthOf(viewOf(bytes), type) <= bytes.length;
}

/** By what the file itself says of its length, or of its rows. */
function lengthOf(view, type) {
  if (type === 'image/webp') return 8 + view.getUint32(4, true);
  const row = 4 * Math.ceil((view.getInt32(18, true) * view.getUint16(28, true)) / 32);
  return view.getUint32(10, true) + row * Math.abs(view.getInt32(22, true));
}

/**
 * Whether the marker at the end (EOI) comes after whole segments (a preview within one has a marker of its own), or a
 * comment or the like, which tells as well that the scan before it is over.
 */
function isWholeJpeg(bytes) {
  let isScan = false;
  let isOver = false;
  for (let at = bytes.indexOf(0xff, 2); at >= 0; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1];
    if (marker === 0xd9) return true;
    // Filling; then what has no length, with the pixels' own bytes of that value.
    if (marker === 0xff) at += 1;
    else if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      const saysNothing = marker >= 0xe0;
      isOver = isScan && saysNothing && at + 4 <= bytes.length;
      // Tables are for a scan that follows.
      if (!saysNothing) isScan = marker === 0xda;
      at += 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    }
  }
  return isOver;
}

/** Whether anything comes after the pixels, whatever it is, or the end right behind a chunk of them. */
function isWholePng(bytes) {
  const [text, view] = [textIn(bytes), viewOf(bytes)];
  let pixels = false;
  let at = 8;
  let kind = null;
  for (; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    kind = text(at + 4, at + 8);
    if (pixels && !['IDAT', 'fcTL', 'fdAT'].includes(kind)) return true;
    pixels ||= kind === 'IDAT';
  }
  return kind === 'IDAT' && at <= bytes.length;
}

/** AVIF and HEIC are files of one family, told apart by the brands that they name (ISO/IEC 14496-12). */
function isoMedia(text, view) {
  const brands = [text(8, 12)];
  const end = Math.min(view.getUint32(0), view.byteLength);
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(at, at + 4));
  const has = (...wanted) => brands.some((brand) => wanted.includes(brand));
  if (has('avif', 'avis')) return { type: 'image/avif', taken: false, moves: has('avis') };
  if (has('heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1')) return { type: 'image/heic', taken: false, moves: has('hevc', 'hevx', 'msf1') };
  return null;
}

function isAnimatedPng(text, view) {
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const chunk = text(at + 4, at + 8);
    if (chunk === 'acTL') return at + 12 <= view.byteLength && view.getUint32(at + 8) > 1;
    if (chunk === 'IDAT') return false;
  }
  return false;
}

/** How many frames of a GIF begin before it ends or stops making sense, and whether the last of them is cut short. */
function framesOf(bytes) {
  const colors = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let count = 0;
  for (let at = 13 + colors(bytes[10]); at < bytes.length; ) {
    const block = bytes[at];
    if (block === 0) {
      // Browsers skip what fills the space between blocks.
      at += 1;
      continue;
    }
    if (block !== 0x2c && block !== 0x21) break;
    const isFrame = block === 0x2c;
    // Where a frame does not say yet how it is, the picture ends behind the frame before.
    if (isFrame && at + 10 > bytes.length) break;
    at += isFrame ? 11 + colors(bytes[at + 9]) : 2;
    if (isFrame) count += 1;
    while (bytes[at]) at += 1 + bytes[at];
    if (isFrame && at >= bytes.length) return { count, isCut: true };
    at += 1;
  }
  return { count, isCut: count === 0 };
}
