// The real `corkboard`, started as a person would start it, on ports of its own.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SLOW_WITHIN_MS } from './patience.js';
import { putObject, removeObject } from './s3.js';
import { eventually, pictureFile } from './visitor.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BINARY = process.env.CORKBOARD_BIN ?? join(ROOT, 'target/debug/corkboard');

/** A board whose data directory and address outlive the process, so that it can be restarted. */
export class Board {
  static async start(settings = {}) {
    const board = new Board();
    board.settings = settings;
    board.directory = await mkdtemp(join(tmpdir(), 'corkboard-browser-'));
    await board.start();
    return board;
  }

  async start() {
    const anyPort = '127.0.0.1:0';
    // The port stays the same after a restart, since a browser takes another port for another site.
    const listen = this.site ? new URL(this.site).host : anyPort;
    this.process = spawn(
      BINARY,
      ['--listen', listen, '--s3-listen', anyPort, '--data-api-listen', anyPort, '--data-dir', this.directory],
      {
        cwd: ROOT,
        // The board gets only this environment: a developer's DATABASE_URL must not decide what is tested.
        env: { PATH: process.env.PATH, HOME: process.env.HOME, POSTS_PER_MINUTE: '0', ...this.settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.exit = once(this.process, 'exit');
    // A binary that is not there is reported below, with its name.
    this.exit.catch(() => {});
    this.site = await this.#readSite();
    // The list of pictures that the page begins with is made a moment later.
    await eventually(async () => {
      const { status } = await fetch(new URL('/carrousel/newest.json', this.site));
      if (status === 404) throw new Error('there is no list of pictures yet');
    }, SLOW_WITHIN_MS);
  }

  async #readSite() {
    let output = '';
    this.process.stderr.on('data', (data) => (output += data));
    const site = new Promise((resolve) => {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        output += `${line}\n`;
        const [, name, url] = /^\s*(site|S3)\s+(http:\S+)/.exec(line) ?? [];
        if (name === 'S3') this.s3 = url;
        if (name === 'site') resolve(url);
      });
    });
    const failed = (why) => new Error(`${BINARY} ${why}\n${output}`);
    const gone = this.exit.then(
      ([code]) => Promise.reject(failed(`ended with ${code} before it was ready`)),
      (error) => Promise.reject(failed(`could not be started: ${error.message}`)),
    );
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(failed('did not print its address')), SLOW_WITHIN_MS);
    });
    try {
      return await Promise.race([site, gone, late]);
    } catch (error) {
      this.process.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
      gone.catch(() => {});
    }
  }

  /** kill -9: no chance to tidy up. */
  async kill() {
    this.process.kill('SIGKILL');
    await this.exit;
  }

  async remove() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  async json(path) {
    const response = await fetch(new URL(path, this.site));
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  }

  /** Posts as someone else would, past the page. */
  async post(text, { author = 'Someone else', headers = {} } = {}) {
    const response = await fetch(new URL('/api/messages', this.site), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ text, author }),
    });
    if (![201, 202].includes(response.status)) throw new Error(`posting answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** @param file the name of one of `tests/pictures`, or bytes */
  async postPicture(text, file, { author = 'Someone else', alt = '', headers = {} } = {}) {
    const body = new FormData();
    for (const [name, value] of Object.entries({ text, author, alt })) body.append(name, value);
    const bytes = Buffer.isBuffer(file) ? file : await readFile(pictureFile(file));
    body.append('picture', new Blob([bytes]), 'picture');
    const response = await fetch(new URL('/api/messages', this.site), { method: 'POST', body, headers });
    if (![201, 202].includes(response.status)) throw new Error(`posting answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** Waits until all small versions of a message's picture are made: in place of one that is late the original is shown. */
  async hasSmall({ picture }) {
    for (const { url } of picture.small) {
      await eventually(async () => {
        const { status } = await fetch(new URL(url, this.site));
        if (status !== 200) throw new Error(`${url} answers ${status}`);
      }, SLOW_WITHIN_MS);
    }
  }

  /** Takes a message's picture out of the bucket, as where database and bucket were restored from different times. */
  async losePicture({ picture }) {
    await eventually(() => removeObject(this.s3, `/corkboard-media${picture.url}`));
  }

  /** Puts one of `tests/pictures` into the bucket, as an operator does. */
  async putPicture(key, file) {
    const bytes = await readFile(pictureFile(file));
    await eventually(() => putObject(this.s3, `/corkboard-media/${key}`, bytes, 'image/png'));
  }

  /** Posts `count` texts, `number 1` first. Answers them newest first. */
  async postMany(count) {
    const texts = [];
    for (let number = 1; number <= count; number += 1) texts.unshift((await this.post(`number ${number}`)).text);
    return texts;
  }

  /** What `corkboard moderator-token` prints. */
  async moderatorToken(...options) {
    const { stdout } = await promisify(execFile)(BINARY, ['moderator-token', '--data-dir', this.directory, ...options], {
      env: { PATH: process.env.PATH, ...this.settings },
    });
    return stdout.trim();
  }

  /** Asks as a moderator, past the page. */
  async moderate(path, { method = 'GET', body } = {}) {
    this.moderator ??= await this.moderatorToken();
    const response = await fetch(new URL(`/api/moderation${path}`, this.site), {
      method,
      headers: { Authorization: `Bearer ${this.moderator}`, ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  /** Posts `texts` from as many addresses. Answers the messages in their order. */
  async postFromAll(texts, { author = 'Someone else' } = {}) {
    const posted = [];
    for (const [at, text] of texts.entries()) posted.push(await this.post(text, { author, headers: { 'X-Forwarded-For': `198.51.100.${at + 1}` } }));
    return posted;
  }

  async delete({ id, deleteToken }) {
    const response = await fetch(new URL(`/api/messages/${id}`, this.site), {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${deleteToken}` },
    });
    if (response.status !== 204) throw new Error(`deleting answered ${response.status}`);
  }
}
