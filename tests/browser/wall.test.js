// The wall and the list: what hangs where, and what stays where it is.

import assert from 'node:assert/strict';
import { manyMessages } from './support/many-messages.js';
import { png } from './support/shapes.js';
import { boardTest } from './support/with-board.js';
import { Visitor, eventually } from './support/visitor.js';

/** The cards in the order of the document: `{ text, left, top, width, height, bottom }` in the whole page. */
const cardsOf = (visitor) =>
  visitor.find('.messages .message').evaluateAll((articles) =>
    articles.map((article) => {
      const { left, right, top, width, height, bottom } = article.parentElement.getBoundingClientRect();
      const text = article.querySelector('.message__text').textContent;
      return { text, left, right, width, height, top: top + window.scrollY, bottom: bottom + window.scrollY };
    }),
  );

/** Posts notes of many lengths, and some pictures of many shapes. */
async function fill(board, count) {
  const shapes = [[1_600, 1_200], [1_200, 1_600], [3_000, 500], [800, 4_000], [1_000, 1_000]];
  for (let number = 1; number <= count; number += 1) {
    const text = `number ${number} ${'and so on '.repeat((number * 7) % 40)}`;
    if (number % 4 === 0) await board.postPicture(text, png(...shapes[(number / 4) % shapes.length]), { author: `Person ${number}` });
    else await board.post(text, { author: `Person ${number}` });
  }
}

const switchTo = (visitor, layout) => visitor.find(`.layout-switch [value="${layout}"]`).click();

for (const [width, columns] of [[600, 2], [768, 2], [1_024, 3], [1_280, 4], [1_440, 5], [1_920, 6]]) {
  boardTest(`at ${width} pixels the wall has ${columns} columns, from 244 to 300 pixels wide, in line with the blank note`, { viewport: { width, height: 900 } }, async ({ board, visitor }) => {
    await fill(board, 12);
    await visitor.page.reload();
    await visitor.message('number 12').waitFor();
    const cards = await cardsOf(visitor);
    const lefts = [...new Set(cards.map(({ left }) => Math.round(left)))].sort((a, b) => a - b);
    assert.equal(lefts.length, columns);
    for (const card of cards) assert.ok(card.width >= 244 && card.width <= 300, `${card.width}`);
    const note = await visitor.find('.blank-note').boundingBox();
    assert.ok(Math.abs(note.x - lefts[0]) < 1 && Math.abs(note.width - cards[0].width) < 1, JSON.stringify(note));
    assert.ok((await visitor.find('.board').boundingBox()).width <= 1_640);
    assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth), width);
  });
}

boardTest('on a phone the list is first, and the wall has two columns ten pixels apart', { viewport: { width: 390, height: 844 } }, async ({ board, visitor }) => {
  await fill(board, 8);
  await visitor.page.reload();
  await visitor.message('number 8').waitFor();
  assert.equal(new Set((await cardsOf(visitor)).map(({ left }) => left)).size, 1);
  await switchTo(visitor, 'wall');
  await eventually(async () => {
    const cards = await cardsOf(visitor);
    const lefts = [...new Set(cards.map(({ left }) => left))].sort((a, b) => a - b);
    assert.equal(lefts.length, 2);
    assert.ok(Math.abs(lefts[1] - lefts[0] - cards[0].width - 10) < 1);
  });
  await visitor.focusIsAt(visitor.find('.layout-switch [value="list"]'));
});

boardTest('on the wall one goes from card to card as the eye does, by the order of the page and of the keyboard', {}, async ({ board, visitor }) => {
  await fill(board, 20);
  await visitor.page.reload();
  await visitor.message('number 20').waitFor();
  const cards = await cardsOf(visitor);
  assert.deepEqual(cards.map(({ text }) => text), (await board.json('/api/messages')).messages.map(({ text }) => text));
  const ends = new Map();
  let lowest = 0;
  for (const { text, left, top, bottom } of cards) {
    assert.ok(top >= lowest - 24 - 1, `${text} is at ${top}, after one at ${lowest}`);
    lowest = Math.max(lowest, top);
    // Without holes.
    if (ends.has(left)) assert.ok(Math.abs(top - ends.get(left) - 18) <= 1, `${text} is ${top - ends.get(left)} below the one above it`);
    ends.set(left, bottom);
  }
  const focused = [];
  await visitor.find('.messages .message__link').first().focus();
  while (focused.length < 20) {
    const id = await visitor.page.evaluate(() => document.activeElement.closest('.messages .message')?.id);
    if (!id) break;
    if (focused.at(-1) !== id) focused.push(id);
    await visitor.page.keyboard.press('Tab');
  }
  assert.deepEqual(focused, (await board.json('/api/messages')).messages.map(({ id }) => id));
});

for (const layout of ['wall', 'list']) {
  boardTest(`further messages move nothing that hangs on the ${layout}`, { layout, viewport: { width: 1_440, height: 900 } }, async ({ board, visitor }) => {
    await fill(board, 45);
    await visitor.page.reload();
    await visitor.message('number 45').waitFor();
    const before = await cardsOf(visitor);
    await eventually(async () => {
      await visitor.page.mouse.wheel(0, 900);
      assert.equal(await visitor.messages.count(), 45);
    });
    assert.deepEqual((await cardsOf(visitor)).slice(0, before.length), before);
  });
}

for (const [width, height, count] of [[390, 844, 1], [1_440, 900, 4]]) {
  boardTest(`the first screen of ${width} × ${height} shows ${count} whole messages at least`, { viewport: { width, height } }, async ({ board, visitor }) => {
    for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) await board.postPicture(`A photo as most are, and a line or two about it, ${number}`, png(...(number % 2 ? [1_600, 1_200] : [1_200, 1_600])));
    await visitor.page.reload();
    await visitor.messages.nth(7).waitFor();
    const whole = (await cardsOf(visitor)).filter(({ bottom }) => bottom <= height);
    assert.ok(whole.length >= count, `${whole.length}`);
  });
}

boardTest('who switches between wall and list stays where they read, and finds it so the next time', {}, async ({ board, visitor }) => {
  await fill(board, 40);
  await visitor.page.reload();
  await visitor.message('number 40').waitFor();
  await eventually(async () => {
    // A wheel would go on turning for a while.
    await visitor.page.evaluate(() => window.scrollBy({ top: 700, behavior: 'instant' }));
    assert.equal(await visitor.messages.count(), 40);
  });
  await visitor.page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
  const scrolled = await visitor.page.evaluate(() => window.scrollY);
  const { text } = (await cardsOf(visitor)).find(({ bottom }) => bottom > scrolled);
  for (const layout of ['list', 'wall', 'list', 'wall']) {
    // By the pointer one would go up to it first.
    await visitor.find(`.layout-switch [value="${layout}"]`).dispatchEvent('click');
    await visitor.find(`[data-layout="${layout}"]`).waitFor();
    await eventually(async () => {
      const top = await visitor.message(text).evaluate((article) => article.getBoundingClientRect().top);
      assert.ok(top >= 0 && top < 100, `${top} in the ${layout}`);
    });
  }
  await switchTo(visitor, 'list');
  const other = await visitor.openTab(board.site);
  assert.equal(await other.page.evaluate(() => document.documentElement.dataset.layout), 'list');
});

for (const layout of ['wall', 'list']) {
  boardTest(`of two thousand messages on the ${layout} the page has those that are near, and holds no more memory for it`, { layout, viewport: { width: 1_440, height: 900 }, before: (page) => manyMessages(page, 2_000) }, async ({ visitor }) => {
    const session = await visitor.context.newCDPSession(visitor.page);
    const state = async () => {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      const { nodes } = await session.send('Memory.getDOMCounters');
      return { usedSize, nodes, cards: await visitor.messages.count() };
    };
    /** Goes down until the message of this number is in the page. */
    const goDownTo = (number) =>
      visitor.page.evaluate(async (text) => {
        const isThere = () => [...document.querySelectorAll('.message__text')].some(({ textContent }) => textContent.startsWith(text));
        while (!isThere()) {
          window.scrollBy({ top: 2_400, behavior: 'instant' });
          await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        }
        // What was near until a moment ago goes after the next frame.
        for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }, `number ${number} `);
    await goDownTo(1_500);
    const before = await state();
    await goDownTo(1);
    await eventually(async () => {
      const after = await state();
      assert.ok(after.cards <= 200, `${after.cards} cards`);
      assert.ok(after.nodes <= 1.5 * before.nodes, `${after.nodes} nodes after ${before.nodes}`);
      // What is known of a message takes less than two kilobytes; its card would take more.
      assert.ok(after.usedSize - before.usedSize < 1_500 * 2_048, `${after.usedSize - before.usedSize} bytes`);
    });

    // And back up, everything is in its place.
    await visitor.page.evaluate(() => window.scrollTo(0, 0));
    await visitor.message('number 2000 ').waitFor();
    const texts = await visitor.texts();
    assert.deepEqual(texts.map((text) => Number(text.split(' ')[1])), texts.map((_, at) => 2_000 - at));
  });
}

boardTest('a card that is far away is there again when an address leads to it, and what has the keyboard stays', { layout: 'list', before: (page) => manyMessages(page, 400) }, async ({ visitor }) => {
  const first = visitor.message('number 400 ').locator('.message__link');
  await first.focus();
  await visitor.page.evaluate(async () => {
    while (!document.querySelector('.messages__end:not([hidden])')) {
      window.scrollBy({ top: 2_000, behavior: 'instant' });
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    }
  });
  assert.ok((await visitor.messages.count()) < 100);
  await visitor.focusIsAt(first);
  await first.evaluate((link) => link.blur());
  await visitor.page.evaluate(() => (window.location.hash = '01M8312X2GQEXQEVEC5D3N9799'));
  const middle = visitor.message('number 200 ');
  await visitor.focusIsAt(middle);
  await eventually(async () => {
    const { y } = await middle.boundingBox();
    assert.ok(y >= 0 && y < 300, `${y}`);
  });
});

for (const reducedMotion of ['reduce', 'no-preference']) {
  boardTest(`new messages come in ${reducedMotion === 'reduce' ? 'without any movement where that is wanted' : 'quietly'}`, { reducedMotion }, async ({ board, visitor }) => {
    await fill(board, 6);
    await visitor.page.reload();
    await visitor.message('number 6').waitFor();
    await visitor.page.evaluate(() => {
      window.moved = 0;
      const { animate } = Element.prototype;
      Element.prototype.animate = function (...args) {
        window.moved += 1;
        return animate.apply(this, args);
      };
    });
    await board.post('a new one');
    await visitor.lookAgain();
    await visitor.message('a new one').waitFor();
    assert.equal((await visitor.texts())[0], 'a new one');
    assert.equal((await visitor.page.evaluate(() => window.moved)) > 0, reducedMotion !== 'reduce');
  });
}

boardTest('what came since the last visit has a pin and a word, what is one’s own says so', {}, async ({ board, visitor }) => {
  await visitor.post({ text: 'mine, long ago', author: 'Ada' });
  await board.post('theirs, long ago');
  await visitor.page.reload();
  await visitor.message('theirs, long ago').waitFor();
  const pinned = (who) => who.find('.message:has(.message__pin:not([hidden])) .message__text').allTextContents();
  assert.deepEqual(await pinned(visitor), [], 'at the first visit nothing is new');

  // An open page would have seen it.
  await visitor.page.goto('about:blank');
  await board.post('since then');
  const later = await visitor.openTab(board.site);
  await later.message('since then').waitFor();
  for (const times of ['first', 'second']) {
    await eventually(async () => assert.deepEqual(await pinned(later), ['since then'], times));
    assert.equal(await later.message('since then').locator('.message__pin').textContent(), 'New');
    await later.page.reload();
    await later.message('since then').waitFor();
  }
  assert.deepEqual(await later.find('.message:has(.message__you:not([hidden])) .message__text').allTextContents(), ['mine, long ago']);
});

boardTest('what follows from another size is told in the next frame, and in no loop', { viewport: { width: 800, height: 700 } }, async ({ board, visitor }) => {
  await fill(board, 12);
  await visitor.page.reload();
  await eventually(async () => assert.equal((await cardsOf(visitor)).length, 12));
  // Once it is laid out, what is wrong was told.
  const settled = () => visitor.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))));
  for (const [width, columns] of [[1_200, 4], [600, 2]]) {
    await visitor.page.setViewportSize({ width, height: 700 });
    await eventually(async () => assert.equal(new Set((await cardsOf(visitor)).map(({ left }) => left)).size, columns));
    await settled();
  }
  await visitor.page.getByRole('button', { name: 'More', exact: true }).first().click();
  await settled();
  await visitor.find('.message__picture').first().click();
  await visitor.find('.is-current > .picture-dialog__image').waitFor();
  for (const width of [1_200, 390]) {
    await visitor.page.setViewportSize({ width, height: 700 });
    await settled();
  }
});

boardTest('a mark comes from the name: the same for the same name, none without', {}, async ({ board, visitor }) => {
  for (const author of ['Ada', '阿明', 'Ada', null]) await board.post(`by ${author}`, { author });
  await visitor.page.reload();
  await visitor.messages.nth(3).waitFor();
  const marks = await visitor.find('.message__head > .mark').evaluateAll((all) => all.map(({ textContent, dataset: { colour, shape } }) => [textContent, colour, shape]));
  assert.deepEqual(marks[0], ['', undefined, undefined]);
  assert.deepEqual(marks[1], marks[3]);
  assert.deepEqual([marks[1][0], marks[2][0]], ['A', '阿']);
});

boardTest('at 390 pixels whose one’s own message is stands beside when it came, and over nothing', { layout: 'wall', viewport: { width: 390, height: 844 } }, async ({ visitor }) => {
  for (const author of ['Ada', 'A name that is longer than its card']) await visitor.post({ text: `by ${author}`, author });
  for (const card of await visitor.messages.all()) {
    const [name, chip, time, menu] = await Promise.all(['.message__author', '.message__you', '.message__time', '.message__menu'].map((part) => card.locator(part).boundingBox()));
    assert.ok(name.x + name.width <= chip.x && chip.x + chip.width <= menu.x, JSON.stringify([name, chip, menu]));
    assert.ok(chip.y + chip.height <= time.y + 1, JSON.stringify([chip, time]));
  }
});

boardTest('on the wall a panorama and a long screenshot are cut and say so, in the list neither is', { viewport: { width: 1_440, height: 900 } }, async ({ board, visitor }) => {
  for (const [width, height] of [[3_000, 500], [500, 3_000], [1_600, 1_200]]) await board.postPicture(`${width} × ${height}`, png(width, height));
  await visitor.page.reload();
  const look = (text) => visitor.message(text).locator('.message__picture').evaluate((frame) => {
    const { width, height } = frame.getBoundingClientRect();
    const { objectFit } = getComputedStyle(frame.querySelector('img'));
    const badge = getComputedStyle(frame, '::after').content;
    return { ratio: Math.round((100 * width) / height) / 100, objectFit, badge: badge === 'none' ? '' : badge.slice(1, 2) };
  });
  for (const [text, ratio, badge] of [['3000 × 500', 2, '↔'], ['500 × 3000', 0.75, '↕'], ['1600 × 1200', 1.33, '']]) {
    await visitor.message(text).waitFor();
    assert.deepEqual(await look(text), { ratio, objectFit: 'cover', badge });
  }
  await switchTo(visitor, 'list');
  for (const text of ['3000 × 500', '500 × 3000', '1600 × 1200']) {
    await visitor.message(text).waitFor();
    const { objectFit, badge } = await look(text);
    assert.deepEqual([objectFit, badge], ['contain', ''], text);
    assert.ok((await visitor.message(text).locator('.message__picture').boundingBox()).height <= 440);
  }
});

boardTest('from right to left the columns begin on the right, and nothing sticks out', { viewport: { width: 1_440, height: 900 } }, async ({ board, visitor }) => {
  await fill(board, 8);
  await visitor.page.reload();
  await visitor.message('number 8').waitFor();
  await visitor.page.evaluate(() => (document.documentElement.dir = 'rtl'));
  const [first, second] = await cardsOf(visitor);
  assert.ok(first.left > second.left && first.right > 1_300, JSON.stringify([first, second]));
  assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth), 1_440);
});

boardTest('what a board is for stands in a line, and unfolds with its links', {
  viewport: { width: 390, height: 844 },
  before: (page) => page.route('**/api/board', async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, description: 'News from our six streets, and what we lend each other, see https://example.com/rules\nBe kind.' } });
  }),
}, async ({ visitor }) => {
  const about = visitor.find('.masthead__about');
  const height = async () => (await about.boundingBox()).height;
  await about.getByText('News from').waitFor();
  assert.ok((await height()) < 40);
  await about.getByRole('button', { name: 'Read' }).click();
  assert.ok((await height()) > 60);
  await about.getByRole('link', { name: 'https://example.com/rules' }).waitFor();
  assert.deepEqual(await visitor.violations(), []);
  await about.getByRole('button', { name: 'Less' }).click();
  assert.ok((await height()) < 40);
});

boardTest('an empty board has the blank note, outlines of notes, and no strip', {}, async ({ visitor }) => {
  await visitor.page.getByText('Nothing pinned up yet. Yours can be the first.').waitFor();
  await visitor.find('.blank-note').waitFor();
  assert.equal(await visitor.find('.messages__outlines span').count(), 3);
  await visitor.find('.carrousel').waitFor({ state: 'hidden' });
  assert.deepEqual(await visitor.violations(), []);
});

boardTest('neither long names nor words without an end stick out of their cards', { viewport: { width: 320, height: 700 } }, async ({ board, visitor }) => {
  await board.post('W'.repeat(2_000), { author: 'M'.repeat(40) });
  await board.postPicture('𝄞'.repeat(500), png(1_000, 800), { author: '𝄞'.repeat(40) });
  const other = await Visitor.arrive(board.site, { viewport: { width: 320, height: 700 }, layout: 'wall' });
  try {
    await visitor.page.reload();
    for (const who of [visitor, other]) {
      await who.messages.nth(1).waitFor();
      const out = await who.find('.message, .message *').evaluateAll((elements) =>
        elements.filter((element) => {
          const card = element.closest('.message').getBoundingClientRect();
          const { left, right, width } = element.getBoundingClientRect();
          return width > 0 && !element.closest('.visually-hidden, details, .message__author > *') && (left < card.left - 1 || right > card.right + 1);
        }).map(({ className }) => className),
      );
      assert.deepEqual(out, []);
      assert.equal(await who.page.evaluate(() => document.documentElement.scrollWidth), 320);
    }
  } finally {
    await other.leave();
  }
});
