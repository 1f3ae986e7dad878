// WebKit, the engine of Safari, as Debian packages it: WebKitWebDriver leads a MiniBrowser on a screen that
// nobody sees. Its sessions are ephemeral, as Safari's private tabs are: what is kept ends with them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFamily } from './family.js';
import { freePort } from './free-port.js';
import { SLOW_WITHIN_MS, WITHIN_MS } from './patience.js';
import { eventually } from './visitor.js';
import { WebDriver } from './webdriver.js';

/** Where the commands of a session are sent to. */
const PLACES = {
  Navigate: () => 'url',
  Refresh: () => 'refresh',
  Back: () => 'back',
  ExecuteScript: () => 'execute/sync',
  FindElement: () => 'element',
  ElementClick: ({ id }) => `element/${id}/click`,
  ElementSendKeys: ({ id }) => `element/${id}/value`,
  SetWindowRect: () => 'window/rect',
};

/** How long a browser may take to start. On a busy machine the driver sometimes misses that its browser is there, and waits for ever. */
const PATIENCE_MS = 30_000;
/** How often it is started anew then. */
const RETRIES = 3;

/** The browser's own bar wants no room, so that a window can be as narrow as a phone. */
const STYLE = '* { min-width: 0; min-height: 0; margin: 0; border-width: 0; padding: 0; font-size: 1px; }';

/** One driver on one screen, for one session after the other. */
export class WebKit {
  /** @param options `scale`: how many pixels of the screen one of CSS has */
  static async start({ scale = 1 } = {}) {
    const webkit = new WebKit();
    webkit.home = await mkdtemp(join(tmpdir(), 'corkboard-webkit-'));
    const styles = join(webkit.home, '.config/gtk-3.0');
    await mkdir(styles, { recursive: true });
    await writeFile(join(styles, 'gtk.css'), STYLE);
    try {
      webkit.screen = startFamily('Xvfb', ['-displayfd', '3', '-screen', '0', `${1600 * scale}x${1200 * scale}x24`, '-nolisten', 'tcp'], { pipes: 1 });
      const display = await once(webkit.screen.pipes[0], 'data', { signal: AbortSignal.timeout(SLOW_WITHIN_MS) });
      await webkit.startDriver({ DISPLAY: `:${String(display).trim()}`, GDK_SCALE: String(scale) });
    } catch (error) {
      await webkit.close();
      throw error;
    }
    return webkit;
  }

  async startDriver(settings) {
    this.settings = settings;
    this.port = await freePort();
    this.driver = startFamily('WebKitWebDriver', [`--port=${this.port}`], {
      env: {
        ...settings,
        PATH: process.env.PATH,
        LANG: 'en_US.UTF-8',
        HOME: this.home,
        XDG_RUNTIME_DIR: this.home,
        // No graphics card is asked for, and no bus of a desktop.
        LIBGL_ALWAYS_SOFTWARE: '1',
        WEBKIT_DISABLE_DMABUF_RENDERER: '1',
        NO_AT_BRIDGE: '1',
        GSETTINGS_BACKEND: 'memory',
      },
    });
    await eventually(() => this.request('GET', '/status'), SLOW_WITHIN_MS);
  }

  async request(method, path, parameters, { signal } = {}) {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method, body: parameters && JSON.stringify(parameters), signal });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }

  /** A browser that has kept nothing and will keep nothing. */
  async openSession({ retries = RETRIES } = {}) {
    const capabilities = { alwaysMatch: { timeouts: { script: WITHIN_MS } } };
    try {
      const { sessionId } = await this.request('POST', '/session', { capabilities }, { signal: AbortSignal.timeout(PATIENCE_MS) });
      return new Session(this, sessionId);
    } catch (error) {
      if (error.name !== 'TimeoutError' || retries === 0) throw error;
      await this.driver.end();
      await this.startDriver(this.settings);
      return this.openSession({ retries: retries - 1 });
    }
  }

  async close() {
    await this.driver?.end();
    await this.screen?.end();
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Session extends WebDriver {
  constructor(webkit, id) {
    super();
    Object.assign(this, { webkit, id });
  }

  async send(command, parameters) {
    return { value: await this.webkit.request('POST', `/session/${this.id}/${PLACES[command](parameters)}`, parameters) };
  }

  /** Makes the page as wide as that. */
  async resize(width, height = 800) {
    await this.send('SetWindowRect', { width, height });
    await eventually(async () => assert.equal(await this.run('return innerWidth'), width));
  }

  close() {
    return this.webkit.request('DELETE', `/session/${this.id}`);
  }
}
