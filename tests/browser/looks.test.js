import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const SITE = new URL('../../static-site/', import.meta.url);

/** A board with something of everything on it. */
async function furnish({ board, visitor }) {
  await board.post('מזג אוויר יפה https://example.com/weather', { author: 'דנה' });
  await visitor.post({ text: 'W'.repeat(300), author: 'M'.repeat(40), picture: 'small.jpg' });
  await visitor.post({ text: '早安', author: '阿明', picture: 'drawing.png', alt: '山' });
  await visitor.find('.carrousel__count', { hasText: '/ 2' }).waitFor();
  await visitor.write({ text: 'half a message', picture: 'photo.webp', alt: 'something' });
}

const settings = { BOARD_NAME: 'The notice board of the mountain village 山村留言板', CONTACT_URL: 'https://example.com/contact' };

for (const width of [320, 768, 1440]) {
  for (const colorScheme of ['light', 'dark']) {
    boardTest(`at ${width} pixels, ${colorScheme}, all is in its place, large enough, and accessible`, { settings, colorScheme, viewport: { width, height: 800 } }, async ({ board, visitor }) => {
      await furnish({ board, visitor });
      for (const language of ['English', '中文']) {
        const { scroll, client } = await visitor.page.evaluate(() => ({
          scroll: document.documentElement.scrollWidth,
          client: document.documentElement.clientWidth,
        }));
        assert.equal(scroll, client, 'nothing sticks out');
        const controls = 'button:visible, .picture-field__way:visible, input:visible, textarea:visible, .message__link:visible, .message__report:visible';
        for (const control of await visitor.find(controls).all()) {
          const box = await control.boundingBox();
          assert.ok(box.width >= 44 && box.height >= 44, `${await control.getAttribute('class')}: ${JSON.stringify(box)}`);
        }
        assert.deepEqual(await visitor.violations(), [], language);
        if (language === 'English') await visitor.page.getByRole('button', { name: '中文' }).click();
      }
    });
  }
}

boardTest('at twice the size, as on a small phone, everything is still there', { viewport: { width: 640, height: 480 }, deviceScaleFactor: 2 }, async ({ board, visitor }) => {
  await furnish({ board, visitor });
  await visitor.page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  const fits = await visitor.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  assert.ok(fits, 'nothing sticks out');
  await visitor.postButton.scrollIntoViewIfNeeded();
  assert.ok(await visitor.postButton.isVisible());
});

boardTest('errors, questions and empty lists are accessible too', { expected: [/status of 503/] }, async ({ visitor }) => {
  assert.deepEqual(await visitor.violations(), [], 'empty');
  await visitor.postButton.click();
  await visitor.find('#composer-text-error', { hasText: 'Write something' }).waitFor();
  await visitor.find('.picture-field__file').setInputFiles({ name: 'x.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') });
  await visitor.pictureError.getByText('cannot read').waitFor();
  assert.deepEqual(await visitor.violations(), [], 'errors of fields');

  await visitor.post({ text: 'to be deleted' });
  await visitor.message('to be deleted').getByRole('button', { name: 'Delete' }).click();
  assert.deepEqual(await visitor.violations(), [], 'a question');
  await visitor.page.keyboard.press('Escape');

  await visitor.page.route('**/api/messages', (route) => route.fulfill({ status: 503, body: '' }));
  await visitor.lookAgain();
  await visitor.page.getByText('No connection to the board.').waitFor();
  assert.deepEqual(await visitor.violations(), [], 'no connection');
  await visitor.write({ text: 'in vain' });
  await visitor.postButton.click();
  await visitor.find('.composer__error', { hasText: 'not available' }).waitFor();
  assert.deepEqual(await visitor.violations(), [], 'an error of the form');
  await visitor.page.reload();
  await visitor.page.getByText('The messages could not be loaded.').waitFor();
  assert.deepEqual(await visitor.violations(), [], 'nothing loaded');
});

boardTest('a closed board is accessible, in the viewer’s own colours as well', { settings: { POSTING: 'closed' }, forcedColors: 'active' }, async ({ visitor }) => {
  await visitor.page.getByText('Posting is closed').waitFor();
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('the whole way goes by the keyboard', {}, async ({ visitor }) => {
  const { keyboard } = visitor.page;
  const focused = () => visitor.page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
  async function tabTo(pattern) {
    for (let steps = 0; steps < 25; steps += 1) {
      await keyboard.press('Tab');
      if (pattern.test(await focused())) return;
    }
    assert.fail(`Tab never came to ${pattern}, but to ${await focused()}`);
  }
  await tabTo(/masthead__language/);
  await tabTo(/composer-text/);
  await keyboard.type('by hand');
  await tabTo(/composer-author/);
  await keyboard.type('Ada');
  await tabTo(/composer-picture/);
  const chooser = visitor.page.waitForEvent('filechooser');
  await keyboard.press('Enter');
  await (await chooser).setFiles((await import('./support/visitor.js')).pictureFile('small.jpg'));
  await visitor.prepared();
  await tabTo(/composer-alt/);
  await keyboard.type('a lake');
  await tabTo(/composer__post/);
  await keyboard.press('Enter');
  await visitor.message('by hand').waitFor();
  await eventually(async () => assert.match(await focused(), /^[0-9A-Z]{26}$/));

  await tabTo(/message__link/);
  await tabTo(/message__picture/);
  await keyboard.press('Enter');
  await visitor.page.getByRole('dialog').waitFor();
  await keyboard.press('Escape');
  await eventually(async () => assert.match(await focused(), /message__picture/));
  await tabTo(/message__delete/);
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await visitor.page.getByText('Nothing is pinned up yet').waitFor();
  await eventually(async () => assert.equal(await focused(), 'messages-title'));
});

boardTest('a browser set to Chinese gets a Chinese page, and every word of it', { locale: 'zh-TW', settings: { CONTACT_URL: 'https://example.com/' } }, async ({ board, visitor }) => {
  assert.equal(await visitor.page.evaluate(() => document.documentElement.lang), 'zh-Hant');
  await board.post('123', { author: '456' });
  await visitor.page.reload();
  await visitor.message('123').waitFor();
  const foreign = await visitor.page.evaluate(() => {
    const shown = document.body.innerText.split('\n').filter((line) => /[a-z]{2}/i.test(line));
    const labels = [...document.querySelectorAll('[aria-label]')].map((element) => element.getAttribute('aria-label'));
    return [...shown, ...labels.filter((label) => /[a-z]{2}/i.test(label))];
  });
  assert.deepEqual(foreign, ['Corkboard', 'English']);

  await visitor.page.getByRole('button', { name: 'English' }).click();
  await visitor.page.getByRole('heading', { name: 'Write a message' }).waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('heading', { name: 'Write a message' }).waitFor();
});

boardTest('times are relative, and exact for whoever points at them', { timezoneId: 'Asia/Taipei' }, async ({ board, visitor }) => {
  const { createdAt } = await board.post('just written');
  await visitor.page.reload();
  const link = visitor.message('just written').getByRole('link', { name: 'Link to this message' });
  assert.equal(await link.locator('time').textContent(), 'just now');
  assert.equal(await link.locator('time').getAttribute('datetime'), createdAt);
  assert.match(await link.getAttribute('title'), /\d{4} at \d+:\d\d/);
});

boardTest('nothing moves while the page comes over a slow line', { viewport: { width: 412, height: 823 } }, async ({ board, visitor }) => {
  await board.postMany(30);
  await visitor.page.evaluate(() => localStorage.clear());
  const session = await visitor.context.newCDPSession(visitor.page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  // Slow 4G as Lighthouse has it.
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: (1_638.4 * 1024) / 8, uploadThroughput: 675_000 / 8 });
  await visitor.page.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await visitor.page.unroute(board.site);
  await visitor.page.reload({ waitUntil: 'commit' });
  await visitor.message('number 30').waitFor();
  await visitor.page.waitForLoadState('networkidle');
  assert.equal(await visitor.page.evaluate(() => window.shifted), 0);
});

boardTest('printed, there are the messages and nothing to press', {}, async ({ visitor }) => {
  await visitor.post({ text: 'on paper' });
  await visitor.page.emulateMedia({ media: 'print' });
  assert.equal(await visitor.message('on paper').isVisible(), true);
  for (const button of await visitor.find('button, form, .carrousel').all()) assert.equal(await button.isVisible(), false);
});

test('no module waits until another has said that it needs it', async () => {
  const html = await readFile(new URL('index.html', SITE), 'utf8');
  const asked = [...html.matchAll(/(?:modulepreload" href|module" src)="([^"]+)"/g)].map(([, name]) => name);
  const modules = (await readdir(SITE)).filter((name) => name.endsWith('.js'));
  assert.deepEqual(asked.toSorted(), modules.toSorted());
});

test('HTML, CSS and JavaScript together are no more than 40 KB, compressed as on the way', async () => {
  let bytes = 0;
  for (const name of await readdir(SITE)) {
    if (/\.(html|css|js)$/.test(name)) bytes += brotliCompressSync(await readFile(new URL(name, SITE))).length;
  }
  assert.ok(bytes <= 40 * 1024, `${bytes} bytes`);
});
