// What kind of file a picture is, by its bytes.

/** BMP headers whose compression field is at offset 30; the oldest, of OS/2, have none or mean something else by it. */
const BMP_HEADERS = [40, 52, 56, 108, 124];
const UNKNOWN = { type: null, taken: false, moves: false };

/**
 * `type`, whether the board takes it, and whether it `moves`, so that drawing it would lose all but one of its
 * frames.
 */
export function sniff(bytes) {
  const text = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text(0, 3) === '\xff\xd8\xff') return { type: 'image/jpeg', taken: true, moves: false };
  if (text(0, 4) === 'GIF8') return { type: 'image/gif', taken: true, moves: isAnimatedGif(bytes) };
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

/** Whether a second frame begins before the file ends or stops making sense. */
function isAnimatedGif(bytes) {
  const colors = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let at = 13 + colors(bytes[10]);
  for (let frames = 0; at < bytes.length; ) {
    const block = bytes[at];
    if (block === 0x2c) {
      frames += 1;
      if (frames > 1) return true;
      at += 11 + colors(bytes[at + 9]);
    } else if (block === 0x21) {
      at += 2;
    } else if (block === 0) {
      // Browsers skip what fills the space between blocks.
      at += 1;
      continue;
    } else {
      return false;
    }
    while (bytes[at]) at += 1 + bytes[at];
    at += 1;
  }
  return false;
}
