// Pictures of shapes that nobody keeps as files.

import { crc32, deflateSync } from 'node:zlib';

/** A black PNG, one bit a pixel. */
export function png(width, height) {
  const chunk = (type, data) => {
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    const body = Buffer.concat([Buffer.from(type), data]);
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** A striped BMP in black and white, as fax programs write them. */
export function bmp(width, height) {
  const pixels = Buffer.alloc(4 * Math.ceil(width / 32) * height, 0xaa);
  const header = Buffer.alloc(62);
  header.write('BM');
  header.writeUInt32LE(header.length + pixels.length, 2);
  header.writeUInt32LE(header.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(1, 28);
  header.writeUInt32LE(2, 46);
  header.writeUInt32LE(0xffffff, 58);
  return Buffer.concat([header, pixels]);
}

/** A GIF of two frames, black and then white, that goes on for ever. */
export function gif(width, height) {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  const frame = (colour) => {
    // Each code has three bits: the table of codes is cleared before a code would take more.
    const bits = [];
    const put = (code) => bits.push(code & 1, (code >> 1) & 1, (code >> 2) & 1);
    for (let at = 0; at < width * height; at += 1) {
      if (at % 2 === 0) put(4);
      put(colour);
    }
    put(5);
    const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
    for (const [at, bit] of bits.entries()) bytes[at >> 3] |= bit << (at & 7);
    const blocks = [];
    for (let at = 0; at < bytes.length; at += 255) {
      const block = bytes.subarray(at, at + 255);
      blocks.push(Buffer.from([block.length]), block);
    }
    const control = Buffer.from([0x21, 0xf9, 4, 0, 20, 0, 0, 0]);
    return Buffer.concat([control, Buffer.from([0x2c, 0, 0, 0, 0]), size, Buffer.from([0, 2]), ...blocks, Buffer.from([0])]);
  };
  const palette = Buffer.from([0x81, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0]);
  const loop = Buffer.concat([Buffer.from([0x21, 0xff, 11]), Buffer.from('NETSCAPE2.0'), Buffer.from([3, 1, 0, 0, 0])]);
  return Buffer.concat([Buffer.from('GIF89a'), size, palette, loop, frame(0), frame(1), Buffer.from([0x3b])]);
}
