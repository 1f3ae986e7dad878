import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { ENGINES } from './support/engines.js';
import { moderateInTab } from './support/moderators.js';
import { eventually } from './support/visitor.js';
import { boardTest } from './support/with-board.js';

const SITE = new URL('../../static-site/', import.meta.url).pathname;

/** What the browser keeps, by the names of its caches; an empty object where it keeps nothing. */
const KEPT = `return (async () => {
  const kept = {};
  for (const name of await caches.keys()) kept[name] = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
  return kept;
})()`;

const kept = (visitor) => visitor.page.evaluate(`(() => { ${KEPT} })()`);

/** Until the page, the beginning and what was seen are kept. */
async function isKept(visitor, count = 3) {
  await eventually(async () => {
    assert.ok(await visitor.page.evaluate(() => navigator.serviceWorker.controller !== null));
    const { 'corkboard-messages': messages } = await kept(visitor);
    assert.equal(messages?.length, count);
  });
}

/** A folder with the site as it is, and what replaces something in one of its files. */
async function anotherSite() {
  const folder = await mkdtemp(join(tmpdir(), 'corkboard-site-'));
  await cp(SITE, folder, { recursive: true });
  return {
    folder,
    async change(file, there, instead) {
      const text = await readFile(join(folder, file), 'utf8');
      assert.ok(text.includes(there), `${file} has no ${there}`);
      await writeFile(join(folder, file), text.replace(there, instead));
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

const WITHOUT_NETWORK = [/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/, /ERR_CONNECTION_REFUSED/, /ERR_FAILED/];

boardTest('without network, the page shows the last messages, what was seen of their pictures, and the draft', { serviceWorkers: 'allow', expected: WITHOUT_NETWORK }, async ({ board, visitor }) => {
  await board.hasSmall(await board.postPicture('with a picture', 'camera.jpg', { alt: 'a lake' }));
  await visitor.page.reload();
  await visitor.message('with a picture').locator('img').scrollIntoViewIfNeeded();
  await isKept(visitor);
  // Seen once more under the worker's eyes.
  await visitor.page.reload();
  await visitor.message('with a picture').locator('img').scrollIntoViewIfNeeded();
  await eventually(async () => assert.ok((await kept(visitor))['corkboard-pictures']?.length >= 1));
  await visitor.write({ text: 'half a message' });
  await board.kill();

  await visitor.page.reload();
  const message = visitor.message('with a picture');
  await message.waitFor();
  await message.locator('img').scrollIntoViewIfNeeded();
  await eventually(async () => assert.ok(await message.locator('img').evaluate((image) => image.naturalWidth > 0)));
  await eventually(async () => assert.equal(await visitor.textField.inputValue(), 'half a message'));
});

boardTest('nothing of what moderators are told is kept, and nothing that was deleted', { serviceWorkers: 'allow', expected: [/404/] }, async ({ board, visitor }) => {
  await board.post('to be seen');
  await visitor.page.reload();
  await isKept(visitor);
  await moderateInTab(visitor.page, board);
  const paths = Object.values(await kept(visitor)).flat();
  assert.deepEqual(paths.filter((path) => path.startsWith('/api/')).toSorted(), ['/api/board', '/api/messages']);
  await visitor.page.evaluate(async () => {
    const cache = await caches.open('corkboard-pictures');
    await cache.put('/small/640/gone.png.webp', new Response('a picture'));
    await fetch('/small/640/gone.png.webp');
  });
  await eventually(async () => assert.deepEqual((await kept(visitor))['corkboard-pictures'], []));
});

test('a new version of the site is there at the next navigation, also where the old one is kept, and then without network', { timeout: 180_000 }, async () => {
  const site = await anotherSite();
  const board = await Board.start({ CORKBOARD_SITE: site.folder });
  const { page, close } = await ENGINES.Chromium(board.site, { width: 800, height: 600, scale: 1 });
  const version = () => page.evaluate(() => document.querySelector('#announcer').dataset.version);
  // Opening one that is about to be dropped would make it anew.
  const pageCaches = async () => (await page.evaluate(() => window.caches.keys())).filter((name) => name.startsWith('corkboard-page-'));
  try {
    await eventually(async () => assert.equal((await pageCaches()).length, 1));
    await eventually(async () => assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null)));
    const [first] = await pageCaches();

    await site.change('index.html', 'id="announcer"', 'id="announcer" data-version="2"');
    await site.change('announcer.js', 'export function mountAnnouncer(', 'document.documentElement.dataset.script = "2";\nexport function mountAnnouncer(');
    await page.reload();
    assert.equal(await version(), '2');
    await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.dataset.script), '2'));
    // Only the new one is kept.
    await eventually(async () => {
      const all = await pageCaches();
      assert.equal(all.length, 1);
      assert.notEqual(all[0], first);
    });

    await board.kill();
    await page.reload();
    assert.equal(await version(), '2');
    await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.dataset.script), '2'));
  } finally {
    await close();
    await board.remove();
    await site.remove();
  }
});

/** Notes in the page what becomes of the worker that it registers: `redundant` where that is not taken. */
const noteWorker = (page) =>
  page.addInitScript(() => {
    const { register } = ServiceWorkerContainer.prototype;
    ServiceWorkerContainer.prototype.register = async function (...args) {
      const registration = await register.apply(this, args);
      window.worker = registration.installing ?? registration.waiting ?? registration.active;
      return registration;
    };
  });

test('files of two versions, as while a site is being replaced, are not kept', { timeout: 180_000 }, async () => {
  const board = await Board.start();
  // What stands between still has an old file.
  const edge = createServer(async ({ url, headers }, response) => {
    const answer = await fetch(new URL(url, board.site), { headers: { accept: headers.accept ?? '*/*' } });
    const body = url === '/still.js' ? 'export const old = 1;' : Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') }).end(body);
  });
  edge.listen(0, '127.0.0.1');
  await once(edge, 'listening');
  const { page, close } = await ENGINES.Chromium('about:blank', { width: 800, height: 600, scale: 1 });
  try {
    await noteWorker(page);
    await page.goto(`http://127.0.0.1:${edge.address().port}/`);
    const became = await eventually(async () => {
      const state = await page.evaluate(() => window.worker.state);
      assert.doesNotMatch(state, /^(parsed|installing)$/);
      return state;
    });
    assert.equal(became, 'redundant');
    await eventually(async () => assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0));
    assert.deepEqual(await page.evaluate(`(() => { ${KEPT} })()`), {});
  } finally {
    await close();
    edge.closeAllConnections();
    edge.close();
    await board.remove();
  }
});

test('a server that switches the worker off has browsers give up what they kept', { timeout: 180_000 }, async () => {
  const board = await Board.start();
  const { page, close } = await ENGINES.Chromium(board.site, { width: 800, height: 600, scale: 1 });
  try {
    await eventually(async () => assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null)));
    await board.kill();
    board.settings = { SERVICE_WORKER: 'off' };
    await board.start();
    await page.reload();
    await eventually(async () => {
      // Whoever opens a cache that was just dropped makes it anew.
      assert.deepEqual(await page.evaluate(() => window.caches.keys()), []);
      assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
    });
    await page.reload();
    await page.getByText('Nothing pinned up yet').waitFor();
  } finally {
    await close();
    await board.remove();
  }
});

for (const [name, open] of Object.entries(ENGINES)) {
  test(`in ${name}, the page is whole with its worker, and without network where the engine keeps it`, { timeout: 180_000 }, async () => {
    const board = await Board.start();
    await board.post('seen before');
    const engine = await open(board.site, { width: 800, height: 600, scale: 1 });
    const text = () => engine.run('return document.querySelector(".message__text")?.textContent ?? null');
    try {
      await eventually(async () => assert.equal(await text(), 'seen before'));
      const keeps = await engine.run('return "serviceWorker" in navigator');
      if (name !== 'WebKit') assert.ok(keeps);
      if (!keeps) return;
      await eventually(async () => assert.ok(await engine.run('return navigator.serviceWorker.controller !== null')));
      await eventually(async () => assert.equal((await engine.run(KEPT))['corkboard-messages']?.length, 3));
      await board.kill();
      await engine.run('location.reload()');
      await eventually(async () => assert.equal(await text(), 'seen before'));
    } finally {
      await engine.close();
      await board.remove();
    }
  });
}
