// Firefox, led over its own remote protocol (Marionette): what Debian packages, without a driver in between.
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFamily } from './family.js';
import { SLOW_WITHIN_MS, WITHIN_MS } from './patience.js';
import { eventually } from './visitor.js';
import { WebDriver } from './webdriver.js';

const PREFERENCES = {
  'marionette.port': 0,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'intl.accept_languages': 'en',
};

export class Firefox extends WebDriver {
  #buffer = Buffer.alloc(0);
  #waiting = new Map();
  #last = 0;

  /**
   * @param preferences further preferences, beside those for every test
   * @param screen the size of the screen, where Firefox's own is too small
   */
  static async start(preferences = {}, screen = null) {
    const firefox = new Firefox();
    firefox.profile = await mkdtemp(join(tmpdir(), 'corkboard-firefox-'));
    const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await writeFile(join(firefox.profile, 'user.js'), lines.join('\n'));
    firefox.family = startFamily(process.env.FIREFOX ?? 'firefox-esr', ['--headless', '--marionette', '--no-remote', '--profile', firefox.profile], {
      env: { ...process.env, HOME: firefox.profile, MOZ_CRASHREPORTER_DISABLE: '1', ...(screen && { MOZ_HEADLESS_WIDTH: `${screen.width}`, MOZ_HEADLESS_HEIGHT: `${screen.height}` }) },
    });
    try {
      await firefox.#connect();
    } catch (error) {
      await firefox.close();
      throw error;
    }
    return firefox;
  }

  async #connect() {
    this.socket = await eventually(async () => {
      // Firefox may be in the midst of writing this file.
      const port = Number(await readFile(join(this.profile, 'MarionetteActivePort'), 'utf8'));
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }, SLOW_WITHIN_MS);
    this.socket.on('data', (data) => this.#receive(data));
    await this.send('NewSession', {});
    await this.send('SetTimeouts', { script: WITHIN_MS });
  }

  /** Sends a command and answers what it answers. */
  send(command, parameters) {
    this.#last += 1;
    const id = this.#last;
    const message = JSON.stringify([0, id, `WebDriver:${command}`, parameters]);
    this.socket.write(`${Buffer.byteLength(message)}:${message}`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const colon = this.#buffer.indexOf(':');
      const length = Number(this.#buffer.subarray(0, colon));
      if (colon < 0 || this.#buffer.length < colon + 1 + length) return;
      const message = JSON.parse(this.#buffer.subarray(colon + 1, colon + 1 + length));
      this.#buffer = this.#buffer.subarray(colon + 1 + length);
      if (!Array.isArray(message)) continue; // Its greeting.
      const [, id, error, result] = message;
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) reject(new Error(`${error.error}: ${error.message}`));
      else resolve(result);
    }
  }

  async close() {
    this.socket?.destroy();
    await this.family.end();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
