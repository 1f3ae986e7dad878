// The page, and behind it a board that is made up: it notes what it is asked for, and what it answers can be spoilt.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { gif, png } from './shapes.js';

const SITE = new URL('../../../static-site/', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', png: 'image/png', webmanifest: 'application/manifest+json' };
const WIDTHS = [640, 960, 1280];
/** The content security policy, as the site itself has it. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'";

export class StubBoard {
  /** The paths asked for, in their order, but for what is asked again now and then whether it changed. */
  asked = [];
  /** The path that is not answered before `letGo`. */
  hold = null;
  #held = [];
  /** What becomes of a path instead: the function is asked first, and answers a status, or nothing. */
  spoil = () => undefined;

  /** @param pictures newest first: `{ key, width, height, type, animated, isPosted }`; one without a size was never posted */
  static async start(pictures) {
    const board = new StubBoard();
    board.pictures = new Map(pictures.map((picture, at) => [picture.key, { at, type: 'image/png', animated: false, ...picture }]));
    board.server = createServer((request, response) => void board.#answer(request, response));
    board.server.listen(0, '127.0.0.1');
    await once(board.server, 'listening');
    board.site = `http://127.0.0.1:${board.server.address().port}/`;
    return board;
  }

  /** The pictures asked for, each once, sorted: `640 key`, `960 key`, `1280 key`, `original key`. */
  get looked() {
    const told = this.asked.flatMap((path) => {
      const [, small, of] = /^\/small\/(\d+)\/(.+)\.webp$/.exec(path) ?? [];
      if (small) return [`${small} ${of}`];
      return path.startsWith('/images/') ? [`original ${path.slice(8)}`] : [];
    });
    return [...new Set(told)].sort();
  }

  count(path) {
    return this.asked.filter((one) => one === path).length;
  }

  get messages() {
    return [...this.pictures.values()]
      .filter(({ width, isPosted = true }) => width && isPosted)
      .map(({ key, at, width, height, type, animated }) => ({
        id: `01M8312X2GQEXQEVEC5D3NW${String(999 - at)}`,
        author: 'Ada',
        text: `with ${key}`,
        createdAt: '2026-11-23T01:42:16.912Z',
        picture: {
          url: `/images/${encode(key)}`,
          alt: key,
          width,
          height,
          type,
          animated,
          small: WIDTHS.filter((one) => one < width).map((one) => ({ url: `/small/${one}/${encode(key)}.webp`, width: one, height: Math.round((height * one) / width), type: 'image/webp' })),
        },
      }));
  }

  async #answer({ url: path, headers }, response) {
    if (!headers['if-none-match']) this.asked.push(path);
    if (path === this.hold) await new Promise((resolve) => this.#held.push(resolve));
    const status = this.spoil(path);
    if (status) return response.writeHead(status, { 'Cache-Control': 'no-store' }).end();
    if (path === '/api/board') return json(response, { name: 'Stub', posting: 'open', contactUrl: null, limits: {} }, 10);
    if (path === '/api/messages') return json(response, { messages: this.messages, next: null });
    if (path === '/carrousel/newest.json') return json(response, [...this.pictures.keys()].map((key) => ({ url: `/images/${encode(key)}` })));
    if (/^\/(images|small)\//.test(path)) return this.#picture(path, response);
    const name = path.split('?')[0].slice(1) || 'index.html';
    try {
      const body = await readFile(new URL(name, SITE));
      response.writeHead(200, { 'Content-Type': TYPES[name.split('.').at(-1)], 'Content-Security-Policy': POLICY }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  #picture(path, response) {
    const [, small, of] = /^\/(?:small\/(\d+)|images)\/(.+)$/.exec(path);
    const key = decodeURIComponent(small ? of.replace(/\.webp$/, '') : of);
    const picture = this.pictures.get(key);
    const headers = { 'Cache-Control': 'public, max-age=86400' };
    if (!picture) return response.writeHead(404).end();
    const { width = 2_000, height = 1_500, type } = picture;
    if (!small) return response.writeHead(200, { ...headers, 'Content-Type': type }).end(type === 'image/gif' ? gif(width, height) : png(width, height));
    if (small >= width) return response.writeHead(307, { 'Cache-Control': 'public, max-age=300', Location: `/images/${encode(key)}` }).end();
    return response.writeHead(200, { ...headers, 'Content-Type': 'image/webp' }).end(png(small, Math.max(1, Math.round((height * small) / width))));
  }

  letGo() {
    this.hold = null;
    for (const resolve of this.#held.splice(0)) resolve();
  }

  async close() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

const encode = (key) => key.split('/').map(encodeURIComponent).join('/');

function json(response, value, maxAge = 0) {
  response.writeHead(200, { 'Content-Type': 'application/json', ETag: '"1"', 'Cache-Control': `public, max-age=${maxAge}` }).end(JSON.stringify(value));
}
