// What turns the writing round. The places of the letters decide, as the eye reads them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { Firefox } from './support/firefox.js';
import { Visitor, closeBrowser, eventually, openBrowser } from './support/visitor.js';
import { WebKit } from './support/webkit.js';

const CONTROLS = ['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'];

/** An address, then each control character, then more on the same line; then a line that has none of it. */
const TEXT = CONTROLS.map((control, number) => `before https://a${number}.example/x${control}abc https://b${number}.example/y after\nplain${number} line`).join('\n');

/** What is read from left to right in each line, and in each link. */
const READ = `
  const text = document.querySelector('.message__text');
  const letters = [];
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (let place = 0; place < node.length; place += 1) {
      const range = document.createRange();
      range.setStart(node, place);
      range.setEnd(node, place + 1);
      // WebKit counts the end of the line before to the first letter of a line.
      const rect = [...range.getClientRects()].find(({ width }) => width > 0);
      if (rect) letters.push({ letter: node.data[place], left: rect.left, top: Math.round(rect.top), link: node.parentElement.closest('a') });
    }
  }
  const inOrder = (some) => some.toSorted((a, b) => a.left - b.left).map(({ letter }) => letter).join('').trim();
  const tops = [...new Set(letters.map(({ top }) => top))].toSorted((a, b) => a - b);
  return {
    lines: tops.map((top) => inOrder(letters.filter((one) => one.top === top))),
    links: [...text.querySelectorAll('a')].map((link) => [link.href, inOrder(letters.filter((one) => one.link === link))]),
    author: document.querySelector('.message__author').innerText,
  };`;

function assertReadable({ lines, links }) {
  assert.deepEqual(lines.filter((line) => line.includes('plain')), CONTROLS.map((_, number) => `plain${number} line`));
  assert.equal(links.length, 2 * CONTROLS.length);
  for (const [href, read] of links) assert.equal(read, href);
}

for (const [name, open] of [
  ['Chromium', async (site) => {
    await openBrowser();
    const visitor = await Visitor.arrive(site, { viewport: { width: 1400, height: 900 } });
    return { read: () => visitor.page.evaluate(`(() => {${READ}})()`), close: closeBrowser };
  }],
  ['Firefox', async (site) => {
    const firefox = await Firefox.start();
    await firefox.goTo(site);
    await eventually(async () => assert.equal(await firefox.count('.message'), 1));
    return { read: () => firefox.run(READ), close: () => firefox.close() };
  }],
  ['WebKit', async (site) => {
    const webkit = await WebKit.start();
    const session = await webkit.openSession();
    await session.resize(1_400);
    await session.goTo(site);
    await eventually(async () => assert.equal(await session.count('.message'), 1));
    return { read: () => session.run(READ), close: () => webkit.close() };
  }],
]) {
  test(`in ${name} every address is read from left to right, and nothing is turned round beyond its line`, { timeout: 180_000 }, async () => {
    const board = await Board.start();
    let page;
    try {
      await board.post(TEXT);
      page = await open(board.site);
      assertReadable(await page.read());
    } finally {
      await page?.close();
      await board.remove();
    }
  });
}
