// Firefox, led over its own remote protocol (Marionette): what Debian packages, without a driver in between.
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WITHIN_MS, eventually } from './visitor.js';

const PREFERENCES = {
  'marionette.port': 0,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.enabled': false,
  'intl.accept_languages': 'en',
};

export class Firefox {
  #buffer = Buffer.alloc(0);
  #waiting = new Map();
  #last = 0;

  static async start() {
    const firefox = new Firefox();
    firefox.profile = await mkdtemp(join(tmpdir(), 'corkboard-firefox-'));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    await writeFile(join(firefox.profile, 'user.js'), lines.join('\n'));
    firefox.process = spawn(process.env.FIREFOX ?? 'firefox-esr', ['--headless', '--marionette', '--no-remote', '--profile', firefox.profile], {
      env: { ...process.env, HOME: firefox.profile, MOZ_CRASHREPORTER_DISABLE: '1' },
      stdio: 'ignore',
      // With its children, so that all of them can be ended.
      detached: true,
    });
    firefox.exit = once(firefox.process, 'exit');
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
      // Firefox may be in the midst of writing it.
      const port = Number(await readFile(join(this.profile, 'MarionetteActivePort'), 'utf8'));
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    });
    this.socket.on('data', (data) => this.#receive(data));
    await this.send('WebDriver:NewSession', {});
  }

  /** Sends a command and answers what it answers. */
  send(command, parameters) {
    const id = (this.#last += 1);
    const message = JSON.stringify([0, id, command, parameters]);
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

  goTo(url) {
    return this.send('WebDriver:Navigate', { url });
  }

  /** Runs the body of a function in the page; a promise that it returns is waited for. */
  async run(script, ...args) {
    const { value } = await this.send('WebDriver:ExecuteScript', { script, args, scriptTimeout: WITHIN_MS });
    return value;
  }

  async #find(selector) {
    const { value } = await this.send('WebDriver:FindElement', { using: 'css selector', value: selector });
    return Object.values(value)[0];
  }

  async click(selector) {
    await this.send('WebDriver:ElementClick', { id: await this.#find(selector) });
  }

  /** Types text, or the path of a file for a file input. */
  async type(selector, text) {
    await this.send('WebDriver:ElementSendKeys', { id: await this.#find(selector), text });
  }

  text(selector) {
    return this.run('return document.querySelector(arguments[0])?.textContent ?? null', selector);
  }

  async close() {
    this.socket?.destroy();
    process.kill(-this.process.pid, 'SIGKILL');
    await this.exit;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
