// One view of a page in each of the three engines, as wide and as dense as a test wants it.

import assert from 'node:assert/strict';
import { launchChromium } from './chromium.js';
import { Firefox } from './firefox.js';
import { eventually } from './visitor.js';
import { WebKit } from './webkit.js';

/** Each opens `url` in a window of its own; what it answers has `run`, as `WebDriver` has it, and `close`. */
export const ENGINES = {
  async Chromium(url, { width, height, scale, reducedMotion = 'no-preference' }) {
    const browser = await launchChromium();
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale, reducedMotion, locale: 'en' });
    await page.goto(url, { waitUntil: 'commit' });
    return {
      page,
      run: (script, ...args) => page.evaluate(`(function () { ${script} })(...${JSON.stringify(args)})`),
      close: () => browser.close(),
    };
  },

  async Firefox(url, { width, height, scale, reducedMotion }) {
    const preferences = { 'layout.css.devPixelsPerPx': `${scale}.0`, 'ui.prefersReducedMotion': reducedMotion === 'reduce' ? 1 : 0 };
    const firefox = await Firefox.start(preferences, { width: 1_600 * scale, height: 1_200 * scale });
    try {
      // A window without a bar of buttons may be narrower than one with it.
      const before = await firefox.send('GetWindowHandles', {});
      await firefox.run('open(arguments[0], "", `popup,width=${arguments[1]},height=${arguments[2]}`)', url, width, height);
      const handle = await eventually(async () => {
        const fresh = (await firefox.send('GetWindowHandles', {})).filter((one) => !before.includes(one));
        assert.equal(fresh.length, 1);
        return fresh[0];
      });
      await firefox.send('SwitchToWindow', { handle });
      await eventually(async () => assert.notEqual(await firefox.run('return location.href'), 'about:blank'));
    } catch (error) {
      await firefox.close();
      throw error;
    }
    return firefox;
  },

  async WebKit(url, { width, height, scale }) {
    const webkit = await WebKit.start({ scale });
    try {
      const session = await webkit.openSession();
      await session.resize(width, height);
      // The page is opened without waiting until all of it is loaded.
      await session.run('location.href = arguments[0]', url);
      return {
        run: (script, ...args) => session.run(script, ...args),
        async close() {
          await session.close();
          await webkit.close();
        },
      };
    } catch (error) {
      await webkit.close();
      throw error;
    }
  },
};
