// What a browser draws of a picture, so that two pictures can be compared.

import { createServer } from 'node:http';
import { once } from 'node:events';

/** Runs in the page: how the picture at a URL is drawn, with its pixels if it is small and else their digest. */
async function drawn(url, type) {
  const pixels = async (source, columns, rows) => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: columns, height: rows });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(source, 0, 0, columns, rows);
    const { data } = context.getImageData(0, 0, columns, rows);
    const told = data.length <= 20_000 ? data : new Uint8Array(await crypto.subtle.digest('SHA-256', data));
    return btoa(String.fromCharCode(...told));
  };

  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return { shown: false };
  }
  const { naturalWidth: width, naturalHeight: height } = image;
  const picture = { shown: true, width, height, still: await pixels(image, width, height) };
  // The frames are decoded one by one, which also tells whether each is whole: an <img> does not say that.
  try {
    const decoder = new ImageDecoder({ data: await (await fetch(url)).arrayBuffer(), type });
    await decoder.completed;
    await decoder.tracks.ready;
    const { frameCount, repetitionCount } = decoder.tracks.selectedTrack;
    picture.repeats = String(repetitionCount);
    picture.frames = [];
    for (let frameIndex = 0; frameIndex < frameCount; frameIndex += 1) {
      const { image: frame, complete } = await decoder.decode({ frameIndex });
      const { displayWidth, displayHeight, duration } = frame;
      picture.frames.push({ duration, complete, pixels: await pixels(frame, displayWidth, displayHeight) });
      frame.close();
    }
    decoder.close();
  } catch (error) {
    picture.broken = String(error);
  }
  return picture;
}

/** The body of a function that runs `drawn` in the page. */
export const DRAWN = `return (${drawn})(...arguments)`;

const TYPES = [
  [/^\xff\xd8/, 'image/jpeg'],
  [/^\x89PNG/, 'image/png'],
  [/^GIF8/, 'image/gif'],
  [/^RIFF....WEBP/s, 'image/webp'],
  [/^BM/, 'image/bmp'],
];

/** The type of a picture by its content. */
export function typeOf(bytes) {
  const start = bytes.subarray(0, 16).toString('latin1');
  return TYPES.find(([pattern]) => pattern.test(start))?.[1] ?? 'application/octet-stream';
}

/** Serves pictures to browsers under numbers of its own. */
export class Gallery {
  #pictures = [];

  static async open() {
    const gallery = new Gallery();
    gallery.server = createServer((request, response) => {
      const bytes = gallery.#pictures[Number(request.url.slice(1))];
      if (!bytes) return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Gallery</title>');
      return response.writeHead(200, { 'Content-Type': typeOf(bytes), 'Cache-Control': 'no-store' }).end(bytes);
    });
    gallery.server.listen(0, '127.0.0.1');
    await once(gallery.server, 'listening');
    gallery.url = `http://127.0.0.1:${gallery.server.address().port}/`;
    return gallery;
  }

  hang(bytes) {
    return `${this.url}${this.#pictures.push(bytes) - 1}`;
  }

  /** Takes the last pictures down again. */
  clear() {
    this.#pictures = [];
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
