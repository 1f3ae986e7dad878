import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { Visitor, closeBrowser, eventually, openBrowser } from './support/visitor.js';

const SITE = new URL('../../static-site/', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', png: 'image/png' };

test('the page works in a folder of another site, with the API where index.html says', { timeout: 180_000 }, async () => {
  let board;
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, 'http://x').pathname.replace('/our/board/', '') || 'index.html';
    try {
      let file = await readFile(new URL(name, SITE));
      if (name === 'index.html') {
        const api = new URL(board.site).origin;
        file = file.toString().replace('name="api-base" content=""', `name="api-base" content="${api}"`).replace('/carrousel/newest.json', '/api/carrousel.json');
        file = file.replaceAll(/href="(\/api\/[^"]+)" as="fetch"/g, `href="${api}$1" as="fetch" crossorigin`);
      }
      response.writeHead(200, { 'Content-Type': TYPES[name.split('.').at(-1)] }).end(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  let visitor;
  try {
    await openBrowser();
    board = await Board.start({ ALLOWED_ORIGINS: origin });
    visitor = await Visitor.arrive(`${origin}/our/board/`);
    const message = await visitor.post({ text: 'from elsewhere', picture: 'small.jpg', alt: 'a lake' });
    const image = message.locator('img');
    await image.scrollIntoViewIfNeeded();
    await eventually(async () => assert.ok(await image.evaluate((element) => element.naturalWidth > 0 && element.currentSrc.startsWith(element.src.replace(/images.*/, '')))));
    assert.ok((await image.getAttribute('src')).startsWith(board.site));
    await visitor.seeCarrousel();
    await visitor.page.evaluate(() => (navigator.share = async (data) => (window.shared = data)));
    await (await visitor.inMenu(message, 'Share')).click();
    const { id } = (await board.json('/api/messages')).messages[0];
    await eventually(async () => assert.equal((await visitor.page.evaluate(() => window.shared)).url, `${board.site}m/${id}`));
    await visitor.delete('from elsewhere');
    assert.deepEqual((await board.json('/api/messages')).messages, []);
    assert.deepEqual(visitor.complaints, []);
  } finally {
    await visitor?.leave();
    await closeBrowser();
    await board?.remove();
    server.closeAllConnections();
    server.close();
  }
});
