import { LANGUAGES, nameOf } from '../../static-site/languages.js';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { moderateInTab } from './support/moderators.js';
import { historyIsBack } from './support/viewer.js';
import { boardTest } from './support/with-board.js';
import { eventually, pictureFile } from './support/visitor.js';

const SITE = new URL('../../static-site/', import.meta.url);

/** For scripts in the page: where the lines of an element's words are, and whether two rectangles lie over each other or one in the other. */
const LINES = `
  const linesOf = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].filter(({ width }) => width > 1);
  };
  // The boxes of letters are some pixels higher than the letters.
  const meet = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
  const isWithin = (one, other) => one.left >= other.left - 1 && one.right <= other.right + 1 && one.top >= other.top - 1 && one.bottom <= other.bottom + 1;
`;

/** A board with something of everything on it. */
async function furnish({ board, visitor }) {
  await board.post('מזג אוויר יפה https://example.com/weather', { author: 'דנה' });
  await visitor.post({ text: 'W'.repeat(300), author: 'M'.repeat(40), picture: 'small.jpg' });
  await visitor.post({ text: '早安', author: '阿明', picture: 'drawing.png', alt: '山' });
  await visitor.find('.carrousel__tile').nth(1).waitFor();
}

const settings = { BOARD_NAME: 'The notice board of the mountain village 山村留言板', CONTACT_URL: 'https://example.com/contact' };

/** That nothing sticks out, that all one presses is large enough, and that axe-core finds nothing. */
async function assertInPlace(visitor, { within = '', what }) {
  const { scroll, client } = await visitor.page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  assert.equal(scroll, client, `${what}: nothing sticks out`);
  const controls = 'button:visible, summary:visible, .picture-field__way:visible, input:visible, select:visible, textarea:visible, .message__link:visible, .message__report:visible';
  for (const control of await visitor.find(within || 'body').locator(controls).all()) {
    const box = await control.boundingBox();
    assert.ok(box.width >= 44 && box.height >= 44, `${what}: ${await control.getAttribute('class')}: ${JSON.stringify(box)}`);
  }
  assert.deepEqual(await visitor.violations(), [], what);
}

for (const width of [320, 390, 768, 1440]) {
  for (const colorScheme of ['light', 'dark']) {
    boardTest(`at ${width} pixels, ${colorScheme}, all is in its place, large enough, and accessible`, { settings, colorScheme, viewport: { width, height: 800 } }, async ({ board, visitor }) => {
      await furnish({ board, visitor });
      for (const layout of ['wall', 'list']) {
        const button = visitor.find(`.layout-switch [value="${layout}"]`);
        if ((await button.getAttribute('aria-pressed')) === 'false') await button.click();
        for (const language of ['en', 'zh-Hant', 'ar']) {
          await visitor.speak(language);
          await assertInPlace(visitor, { what: `${layout}, ${language}` });
        }
      }
      await visitor.speak('en');
      await visitor.message('早安').locator('summary').click();
      await assertInPlace(visitor, { what: 'an open menu' });
      await visitor.write({ text: 'half a message', picture: 'photo.webp', alt: 'something' });
      await assertInPlace(visitor, { within: '.composer', what: 'the composer' });
    });
  }
}

boardTest('at twice the size, as on a small phone, everything is still there', { viewport: { width: 640, height: 480 }, deviceScaleFactor: 2 }, async ({ board, visitor }) => {
  await furnish({ board, visitor });
  await visitor.page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  const fits = await visitor.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  assert.ok(fits, 'nothing sticks out');
  await visitor.write({ text: 'half a message', picture: 'photo.webp', alt: 'something' });
  await visitor.find('#composer-author').scrollIntoViewIfNeeded();
  await eventually(async () => assert.ok(await visitor.postButton.isVisible()));
});

for (const [width, percent] of [[1280, 150], [1280, 200], [768, 150], [390, 150], [390, 200], [320, 150]]) {
  boardTest(`at ${width} pixels, letters of ${percent} % are cut nowhere and run over nothing`, { settings: { BOARD_NAME: 'Nachbarschaft Lindenhof', BOARD_DESCRIPTION: 'For all of us.' }, viewport: { width, height: 800 } }, async ({ board, visitor }) => {
    await board.post('a note', { author: 'Wanda Maximiliane Mustermann' });
    await board.postPicture('a lake', 'small.jpg', { author: 'Wanda' });
    await visitor.page.addInitScript((size) => document.addEventListener('readystatechange', () => (document.documentElement.style.fontSize = `${size}%`)), percent);
    await visitor.page.reload();
    await visitor.message('a lake').waitFor();
    await visitor.find('.carrousel__words').first().waitFor();
    const faultsOf = () => visitor.page.evaluate(`(() => {
      ${LINES}
      const faults = [];
      const all = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
      // A name of one line may be cut at its end, but never above or below.
      const isCut = (element, around) => linesOf(element).some(({ top, bottom }) => top < around.top - 1 || bottom > around.bottom + 1);
      const boxOf = (selector) => document.querySelector(selector).getBoundingClientRect();
      if (!isWithin(boxOf('.masthead__name'), boxOf('.masthead'))) faults.push('the name of the board');
      if (all('.carrousel__words').some((words) => isCut(words, { top: 0, bottom: boxOf('.carrousel__strip').bottom }))) faults.push('what is said below the pictures');
      for (const line of all('.carrousel__words > span, .blank-note__line, .masthead__name')) {
        const [size, height] = ['fontSize', 'lineHeight'].map((name) => parseFloat(getComputedStyle(line)[name]));
        if (height < 1.05 * size || line.clientHeight < height - 1) faults.push('a line that is too low: ' + line.textContent);
      }
      for (const mark of all('.mark')) if (linesOf(mark).some((letter) => letter.width > mark.clientWidth) || mark.clientHeight < 1.2 * parseFloat(getComputedStyle(mark).fontSize)) faults.push('the letter of a mark');
      for (const head of all('.message__head, .composer__head')) {
        const words = [...head.querySelectorAll('.message__author, .message__time, .composer__title, .button')].map((element) => (element.matches('.message__author, .button') ? [element.getBoundingClientRect()] : linesOf(element)));
        if (words.some((some, at) => words.slice(at + 1).flat().some((other) => some.some((one) => meet(one, other))))) faults.push('words over others: ' + head.innerText);
      }
      for (const field of all('.composer__name')) {
        const padding = parseFloat(getComputedStyle(field.querySelector('input')).paddingInlineStart);
        if (field.querySelector('.mark').getBoundingClientRect().right > field.getBoundingClientRect().left + padding + 1) faults.push('a mark over what is written');
      }
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth > clientWidth) faults.push('something sticks out');
      return faults;
    })()`);
    await eventually(async () => assert.deepEqual(await faultsOf(), []));
    await visitor.write({ text: 'half a message', author: 'Wanda' });
    await visitor.find('.composer .mark', { hasText: 'W' }).waitFor();
    await eventually(async () => assert.deepEqual(await faultsOf(), [], 'the composer'));
  });
}

boardTest('errors, questions and empty lists are accessible too', { expected: [/status of 503/] }, async ({ visitor }) => {
  assert.deepEqual(await visitor.violations(), [], 'empty');
  await visitor.send();
  await visitor.find('#composer-text-error', { hasText: 'Write something' }).waitFor();
  await visitor.give({ name: 'x.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') });
  await visitor.pictureError.getByText('cannot read').waitFor();
  assert.deepEqual(await visitor.violations(), [], 'errors of fields');
  await visitor.page.getByRole('button', { name: 'Remove picture' }).click();

  await visitor.post({ text: 'to be deleted' });
  await (await visitor.inMenu(visitor.message('to be deleted'), 'Delete')).click();
  assert.deepEqual(await visitor.violations(), [], 'a question');
  await visitor.page.keyboard.press('Escape');

  await visitor.page.route('**/api/messages', (route) => route.fulfill({ status: 503, body: '' }));
  await visitor.lookAgain();
  await visitor.page.getByText('No connection to the board.').waitFor();
  assert.deepEqual(await visitor.violations(), [], 'no connection');
  await visitor.write({ text: 'in vain' });
  await visitor.send();
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

// The small picture of what is gone again may be asked for too late.
boardTest('the whole way goes by the keyboard', { expected: [/status of 404/] }, async ({ visitor }) => {
  const { keyboard } = visitor.page;
  const focused = () => visitor.page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
  async function tabTo(pattern) {
    for (let steps = 0; steps < 25; steps += 1) {
      await keyboard.press('Tab');
      if (pattern.test(await focused())) return;
    }
    assert.fail(`Tab never came to ${pattern}, but to ${await focused()}`);
  }
  await tabTo(/language-menu/);
  await tabTo(/blank-note__write/);
  await keyboard.press('Enter');
  await eventually(async () => assert.match(await focused(), /composer-text/));
  await keyboard.type('by hand');
  await tabTo(/composer-author/);
  await keyboard.type('Ada');
  await tabTo(/composer-picture/);
  const chooser = visitor.page.waitForEvent('filechooser');
  await keyboard.press('Enter');
  await (await chooser).setFiles(pictureFile('small.jpg'));
  await visitor.prepared();
  await tabTo(/composer-alt/);
  await keyboard.type('a lake');
  await tabTo(/composer__post/);
  await keyboard.press('Enter');
  await visitor.message('by hand').waitFor();
  await eventually(async () => assert.match(await focused(), /^[0-9A-Z]{26}$/));

  await tabTo(/message__picture/);
  await keyboard.press('Enter');
  await visitor.page.getByRole('dialog').waitFor();
  await keyboard.press('Escape');
  await eventually(async () => assert.match(await focused(), /message__picture/));
  await historyIsBack(visitor);
  await tabTo(/SUMMARY/);
  await keyboard.press('Enter');
  await tabTo(/message__delete/);
  await keyboard.press('Enter');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await visitor.page.getByText('Nothing pinned up yet').waitFor();
  await eventually(async () => assert.equal(await focused(), 'messages-title'));
});

boardTest('a browser set to Chinese gets a Chinese page, and every word of it', { locale: 'zh-TW', settings: { CONTACT_URL: 'https://example.com/' } }, async ({ board, visitor }) => {
  await eventually(async () => assert.equal(await visitor.page.evaluate(() => document.documentElement.lang), 'zh-Hant'));
  await board.post('123', { author: '456' });
  await visitor.page.reload();
  await visitor.message('123').waitFor();
  const foreign = await visitor.page.evaluate(() => {
    const shown = document.body.innerText.split('\n').filter((line) => /[a-z]{2}/i.test(line));
    const labels = [...document.querySelectorAll('[aria-label]')].map((element) => element.getAttribute('aria-label'));
    return [...shown, ...labels.filter((label) => /[a-z]{2}/i.test(label))];
  });
  // In the menu each language has its own name.
  assert.deepEqual(foreign, ['Corkboard', ...LANGUAGES.map(nameOf).filter((name) => /[a-z]{2}/i.test(name))]);

  await visitor.speak('en');
  await visitor.page.getByRole('button', { name: 'Pin something up…' }).waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: 'Pin something up…' }).waitFor();
});

const timeOf = (visitor, text) => visitor.message(text).getByRole('link', { name: 'Link to this message' });

boardTest('times are relative, and exact for whoever points at them', { timezoneId: 'Asia/Taipei' }, async ({ board, visitor }) => {
  const { createdAt } = await board.post('just written');
  await visitor.page.reload();
  const link = timeOf(visitor, 'just written');
  await eventually(async () => assert.equal(await link.locator('time').textContent(), 'just now'));
  await eventually(async () => assert.equal(await link.locator('time').getAttribute('datetime'), createdAt));
  await eventually(async () => assert.match(await link.getAttribute('title'), /\d{4} at \d+:\d\d/));
});

for (const [hand, activate] of [['finger', (link) => link.tap()], ['keyboard', (link) => link.press('Enter')]]) {
  boardTest(`times are exact for the ${hand} as well, and still lead to the message`, { hasTouch: true, viewport: { width: 320, height: 600 } }, async ({ board, visitor }) => {
    const { id } = await board.post('just written');
    await board.post('another');
    await visitor.page.reload();
    await activate(timeOf(visitor, 'just written'));
    await visitor.message('just written').getByText(/^\w+day, \w+ \d+, \d{4} at \d+:\d\d [AP]M$/).waitFor();
    assert.equal(visitor.page.url(), `${board.site}#${id}`);
    await eventually(async () => assert.equal(await timeOf(visitor, 'another').locator('time').textContent(), 'just now'));
    assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth), 320);

    await activate(timeOf(visitor, 'another'));
    await visitor.message('just written').getByText('just now').waitFor();
  });
}

for (const width of [320, 390, 768, 1440]) {
  boardTest(`at ${width} pixels, the exact time of a message is read beside its name and its words, and within its card`, { viewport: { width, height: 800 } }, async ({ board, visitor }) => {
    const { id } = await board.post('a note', { author: 'Maximiliane Mustermann' });
    // A date that is long in every language.
    const { messages, ...rest } = await board.json('/api/messages');
    const json = { ...rest, messages: messages.map((message) => ({ ...message, createdAt: '2026-09-23T20:45:00.000Z' })) };
    await visitor.page.route('**/api/messages*', (route) => route.fulfill({ json }));
    await visitor.page.evaluate((hash) => (window.location.hash = hash), id);
    await visitor.page.reload();
    for (const layout of ['wall', 'list']) {
      const button = visitor.find(`.layout-switch [value="${layout}"]`);
      if ((await button.getAttribute('aria-pressed')) === 'false') await button.click();
      for (const language of ['en', 'de', 'vi', 'ar']) {
        await visitor.speak(language);
        await visitor.find('.message--addressed').waitFor();
        const { time, faults } = await visitor.page.evaluate(`(() => {
          ${LINES}
          const card = document.querySelector('.message--addressed');
          const find = (part) => card.querySelector('.message__' + part);
          const lines = linesOf(find('time'));
          const around = ['author', 'text', 'share', 'menu summary'].map(find).filter((element) => element?.checkVisibility());
          const covered = around.flatMap((element) => (element.closest('h3, p') ? linesOf(element) : [element.getBoundingClientRect()]));
          const faults = lines.filter((line) => !isWithin(line, card.getBoundingClientRect()) || covered.some((other) => meet(line, other)));
          return { time: find('time').textContent, faults: faults.map((line) => line.toJSON()) };
        })()`);
        assert.ok(time.length > 20, time);
        assert.deepEqual(faults, [], `${layout}, ${language}: ${time}`);
      }
    }
  });
}

for (const [locale, date, exact] of [
  ['en-GB', /^\d+ \w{3,4} \d{4}$/, /^\w+day,? \d+ \w+ \d{4} at \d\d:\d\d$/],
  ['en-US', /^\w{3} \d+, \d{4}$/, /^\w+day, \w+ \d+, \d{4} at \d+:\d\d [AP]M$/],
  // The page is in English where it has no words of the viewer's.
  ['it-IT', /^\d+ \w{3,4} \d{4}$/, /\d\d:\d\d$/],
  ['zh-TW', /^\d{4}年\d+月\d+日$/, /\p{Script=Han}{2}\d+:\d\d$/u],
]) {
  boardTest(`dates are written as in the region of ${locale}`, { locale }, async ({ board, visitor }) => {
    await board.post('a while ago');
    await visitor.page.clock.setFixedTime(Date.now() + 10 * 86_400_000);
    await visitor.page.reload();
    const link = visitor.message('a while ago').locator('.message__link');
    await eventually(async () => assert.match(await link.locator('time').textContent(), date));
    await eventually(async () => assert.match(await link.getAttribute('title'), exact));
  });
}

boardTest('a picture without a description is told by whose it is and when, once', {}, async ({ board, visitor }) => {
  await board.postPicture('first', 'drawing.png', { author: 'Bo' });
  await board.postPicture('second', 'small.jpg', { author: 'Ada' });
  await visitor.page.reload();
  for (const [text, author] of [['second', 'Ada'], ['first', 'Bo']]) {
    const name = new RegExp(`^Picture by ${author}, (just now|\\d+ minutes? ago)$`);
    const message = visitor.message(text);
    await message.getByRole('link', { name }).waitFor();
    await message.getByRole('img', { name }).waitFor();
    await message.locator('.message__picture').click();
    const dialog = visitor.page.getByRole('dialog');
    await dialog.getByRole('img', { name }).waitFor();
    await dialog.getByText(author, { exact: true }).waitFor();
    // Nobody hears the same words twice.
    assert.equal(await dialog.getByText(name).count(), 0);
    assert.deepEqual(await visitor.violations(), []);
    await visitor.page.keyboard.press('Escape');
    await historyIsBack(visitor);
  }
});

for (const colorScheme of ['light', 'dark']) {
  boardTest(`what deletes is marked as dangerous, ${colorScheme}`, { colorScheme }, async ({ board, visitor }) => {
    await visitor.post({ text: 'mine' });
    await moderateInTab(visitor.page, board);
    const colours = (locator) => locator.evaluate((element) => {
      const { color, backgroundColor } = getComputedStyle(element);
      return { color, backgroundColor };
    });
    const danger = colorScheme === 'light' ? 'rgb(163, 39, 27)' : 'rgb(255, 161, 147)';
    const buttons = { 'Delete': 'Delete', 'Everything from this sender…': 'Remove' };
    for (const [name, yes] of Object.entries(buttons)) {
      await visitor.page.mouse.move(0, 0);
      const button = await visitor.inMenu(visitor.message('mine'), name);
      assert.equal((await colours(button)).color, danger);
      await button.hover();
      assert.deepEqual(await visitor.violations(), [], `pointed at: ${name}`);
      if (name !== 'Delete') continue;
      await button.click();
      const sure = visitor.page.getByRole('dialog').getByRole('button', { name: yes });
      await visitor.page.mouse.move(0, 0);
      assert.equal((await colours(sure)).backgroundColor, danger);
      assert.deepEqual(await visitor.violations(), []);
      await sure.hover();
      assert.deepEqual(await visitor.violations(), []);
      await visitor.page.keyboard.press('Escape');
    }
  });
}

for (const width of [320, 390, 1440]) {
  boardTest(`at ${width} pixels, the bar of a moderator covers nothing that one goes to`, { layout: 'list', viewport: { width, height: 600 } }, async ({ board, visitor }) => {
    const { id } = await board.post('long ago');
    await board.postMany(25);
    const listed = (await board.json('/api/messages')).messages[10].id;
    await moderateInTab(visitor.page, board);
    const isClear = async (locator) => {
      await eventually(async () => {
        const bar = await visitor.find('.moderation-bar').boundingBox();
        const { y } = await locator.boundingBox();
        assert.ok(bar.y >= 0 && y >= bar.y + bar.height, `${y} is under the bar, which ends at ${bar.y + bar.height}`);
        assert.ok(y < 600);
      });
    };
    await visitor.page.evaluate((hash) => (window.location.hash = hash), id);
    await visitor.find('.permalink .message').waitFor();
    await isClear(visitor.page.getByRole('heading', { name: 'The linked message' }));
    await visitor.page.evaluate((hash) => (window.location.hash = hash), listed);
    await visitor.focusIsAt(visitor.find(`[id="${listed}"]`));
    await isClear(visitor.find(`[id="${listed}"]`));
    await board.post('news');
    await visitor.lookAgain();
    await isClear(visitor.page.getByRole('button', { name: '1 new message' }));
    // Backwards by the keyboard, too.
    const note = visitor.find('.blank-note__write');
    await note.focus();
    await isClear(note);
  });
}

for (const width of [320, 390]) {
  boardTest(`at ${width} pixels, what floats over the list has room for what it says`, { expected: [/ERR_FAILED/], viewport: { width, height: 700 } }, async ({ board, visitor }) => {
    await board.post('still to be read');
    await visitor.page.reload();
    await visitor.message('still to be read').waitFor();
    await visitor.page.route('**/api/**', (route) => route.abort());
    await visitor.lookAgain();
    const lost = visitor.page.getByText('No connection to the board. It is tried again by itself.');
    await lost.waitFor();
    const [pill, words] = await lost.evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return [element, range].map((one) => one.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({ left, right, top, bottom }));
    });
    assert.ok(words.top - pill.top >= 6 && pill.bottom - words.bottom >= 6, JSON.stringify([pill, words]));
    assert.ok(words.left - pill.left >= 12 && pill.right - words.right >= 12, JSON.stringify([pill, words]));
    assert.ok(pill.left >= 0 && pill.right <= width);
  });
}

for (const [width, layout] of [[320, 'wall'], [390, 'list'], [1440, 'wall'], [1440, 'list']]) {
  boardTest(`at ${width} pixels, what floats over the ${layout} moves nothing, and all that it lies over is read by scrolling`, { layout, viewport: { width, height: 700 } }, async ({ board, visitor }) => {
    await board.postMany(12);
    await visitor.page.reload();
    await visitor.message('number 12').waitFor();
    for (const what of ['reveal', 'paused', 'lost', 'said']) {
      const { moved, unread } = await visitor.page.evaluate(`((what) => {
        ${LINES}
        const floating = document.querySelector('.messages__' + what);
        const cards = [...document.querySelectorAll('.message')];
        const tops = () => cards.map((card) => card.getBoundingClientRect().top);
        floating.textContent = 'No connection to the board. It is tried again by itself.';
        const before = tops();
        floating.hidden = false;
        const moved = tops().some((top, at) => top !== before[at]);
        const unread = new Set(cards);
        for (let y = 0; y <= document.documentElement.scrollHeight - innerHeight; y += 20) {
          scrollTo({ top: y, behavior: 'instant' });
          const screen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
          const over = floating.getBoundingClientRect();
          for (const card of unread) {
            const lines = ['author', 'time', 'text'].flatMap((part) => linesOf(card.querySelector('.message__' + part)));
            if (lines.every((line) => isWithin(line, screen) && !meet(line, over))) unread.delete(card);
          }
        }
        floating.hidden = true;
        scrollTo({ top: 0, behavior: 'instant' });
        return { moved, unread: [...unread].map(({ innerText }) => innerText) };
      })(${JSON.stringify(what)})`);
      assert.equal(moved, false, what);
      assert.deepEqual(unread, [], what);
    }
    // Nor does it lie over what the keyboard goes to.
    const clear = await visitor.page.evaluate(`(async () => {
      ${LINES}
      const floating = ['reveal', 'said'].map((what) => document.querySelector('.messages__' + what));
      for (const one of floating) one.hidden = false;
      // Its size is heard of a frame later.
      for (let frames = 0; frames < 2; frames += 1) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const links = [...document.querySelectorAll('.message__link')];
      return links.map((link) => {
        link.focus();
        return !floating.some((one) => meet(link.getBoundingClientRect(), one.getBoundingClientRect()));
      });
    })()`);
    assert.deepEqual(clear, clear.map(() => true));
    // The keyboard goes to what floats, and nothing moves.
    const scrolled = await visitor.page.evaluate(() => {
      scrollTo({ top: 300, behavior: 'instant' });
      const before = scrollY;
      document.querySelector('.messages__said').focus();
      return scrollY - before;
    });
    assert.equal(scrolled, 0);
  });
}

boardTest('where a picture is dropped, that is said above everything else', { expected: [/ERR_FAILED/], viewport: { width: 1440, height: 800 } }, async ({ board, visitor }) => {
  await board.post('read');
  await moderateInTab(visitor.page, board);
  await visitor.page.route('**/api/**', (route) => route.abort());
  await visitor.lookAgain();
  await visitor.find('.messages__lost').waitFor();
  await visitor.page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.jpg', { type: 'image/jpeg' }));
    document.body.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true, dataTransfer }));
  });
  await visitor.page.getByText('Drop the picture to add it').waitFor();
  const covered = await visitor.page.evaluate(() => {
    const sheet = document.querySelector('.picture-field__drop');
    // It lets everything through; to be found, it must not.
    sheet.style.pointerEvents = 'auto';
    return ['.moderation-bar', '.blank-note', '.messages__lost', '.message', '.masthead__name'].map((selector) => {
      const { left, top, width, height } = document.querySelector(selector).getBoundingClientRect();
      return document.elementFromPoint(left + width / 2, Math.max(20, top + height / 2)) === sheet;
    });
  });
  assert.deepEqual(covered, [true, true, true, true, true]);
});

boardTest('nothing of the page shines through an opened picture', {}, async ({ board, visitor }) => {
  await board.postPicture('a lake', 'small.jpg');
  await visitor.page.reload();
  await visitor.message('a lake').locator('.message__picture').click();
  const ground = await visitor.page.getByRole('dialog').evaluate((dialog) => getComputedStyle(dialog).backgroundColor);
  assert.match(ground, /^rgb\(/, 'without transparency');
});

boardTest('without scripts there is the name, and why there is nothing else', { javaScriptEnabled: false }, async ({ visitor }) => {
  await visitor.find('noscript .note').waitFor();
  await visitor.page.getByRole('heading', { name: 'Corkboard' }).waitFor();
  for (const gone of ['form', 'button', 'select', '.carrousel', '.messages__loading']) {
    const elements = await visitor.find(gone).all();
    assert.notEqual(elements.length, 0, gone);
    for (const element of elements) assert.equal(await element.isVisible(), false, gone);
  }
});

test('iOS does not make the letters larger than they are', async () => {
  assert.match(await readFile(new URL('style.css', SITE), 'utf8'), /-webkit-text-size-adjust: 100%/);
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
  await eventually(async () => assert.equal(await visitor.message('on paper').isVisible(), true));
  for (const button of await visitor.find('button, select, form, .carrousel').all()) assert.equal(await button.isVisible(), false);
});

boardTest('a page of which a module does not come says so', { expected: [/ERR_FAILED/] }, async ({ board, visitor }) => {
  const sentence = visitor.page.getByText('This page is not all there yet. If it stays so, reload it.');
  await eventually(async () => assert.equal(await sentence.isVisible(), false));
  await visitor.page.route('**/app.js', (route) => route.abort());
  // The sentence is seen only after a while, so the modules are not waited for.
  await visitor.page.goto(board.site, { waitUntil: 'commit' });
  await sentence.waitFor({ state: 'attached' });
  assert.equal(await sentence.isVisible(), false, 'it may just take a moment');
  await sentence.waitFor();
  await visitor.page.unroute('**/app.js');
  await visitor.page.reload();
  await visitor.page.getByText('Yours can be the first').waitFor();
  await eventually(async () => assert.equal(await sentence.isVisible(), false));
});

/** A window of a new visitor, what it asks of the board until the first message is seen, and what it was answered. */
async function firstView({ board, visitor }) {
  const { id } = await board.post('the first');
  const context = await visitor.context.browser().newContext({ locale: 'en', serviceWorkers: 'block' });
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request));
  await page.goto(board.site, { waitUntil: 'commit' });
  await page.locator(`[id="${id}"]`).waitFor();
  const soFar = [...asked];
  const fileOf = (request) => new URL(request.url()).pathname.slice(1) || 'index.html';
  const files = await Promise.all(soFar.filter((request) => /\.(html|css|js)$/.test(fileOf(request))).map(async (request) => [fileOf(request), await (await request.response()).body()]));
  await context.close();
  return { asked: soFar.map(fileOf), files: new Map(files) };
}

boardTest('twelve requests at most come before the first message is seen', {}, async (given) => {
  const { asked } = await firstView(given);
  assert.ok(asked.length <= 12, asked.join('\n'));
});

boardTest('HTML, CSS and JavaScript of a first view are no more than 45 KB, compressed as on the way, whatever its language', {}, async (given) => {
  const { files } = await firstView(given);
  assert.ok(files.has('app.js') && files.has('style.css') && files.delete('words-en.js'));
  const sizes = await Promise.all(LANGUAGES.map(async (language) => {
    const answer = await fetch(new URL(`words-${language.toLowerCase()}.js`, given.board.site));
    return brotliCompressSync(Buffer.from(await answer.arrayBuffer())).length;
  }));
  const bytes = [...files.values()].reduce((sum, body) => sum + brotliCompressSync(body).length, 0) + Math.max(...sizes);
  assert.ok(bytes <= 45 * 1024, `${bytes} bytes`);
});

/** WCAG's contrast of two colours, which may be written in any way that CSS has. */
const CONTRAST = `(one, other) => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const light = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}`;

for (const colorScheme of ['light', 'dark']) {
  boardTest(`what is written can be read on the page, on paper of every colour and on every mark, ${colorScheme}`, { colorScheme }, async ({ visitor }) => {
    const measured = await visitor.page.evaluate(`(() => {
      const contrast = ${CONTRAST};
      const probe = document.body.appendChild(document.createElement('i'));
      const resolve = (name, colour) => {
        if (colour === undefined) delete probe.dataset.colour;
        else probe.dataset.colour = colour;
        probe.style.color = \`var(--\${name})\`;
        return getComputedStyle(probe).color;
      };
      const grounds = { page: resolve('page'), surface: resolve('surface') };
      for (let colour = 0; colour < 8; colour += 1) grounds[\`paper \${colour}\`] = resolve('paper', colour);
      const results = [];
      for (const [ground, behind] of Object.entries(grounds)) {
        for (const ink of ['ink', 'quiet', 'accent', 'danger']) results.push([\`\${ink} on \${ground}\`, contrast(resolve(ink), behind), 4.5]);
        results.push([\`control-line on \${ground}\`, contrast(resolve('control-line'), behind), 3]);
      }
      for (let colour = 0; colour < 8; colour += 1) results.push([\`on-mark on mark \${colour}\`, contrast(resolve('on-mark'), resolve('mark', colour)), 4.5]);
      for (const [ink, ground] of [['accent', 'accent-wash'], ['held', 'held-wash'], ['danger', 'danger-wash'], ['on-accent', 'accent'], ['on-accent', 'accent-strong'], ['on-danger', 'danger'], ['quiet', 'mat'], ['ink', 'raised'], ['ink', 'mat']]) {
        results.push([\`\${ink} on \${ground}\`, contrast(resolve(ink), resolve(ground)), 4.5]);
      }
      probe.remove();
      return results;
    })()`);
    assert.ok(measured.length > 60);
    for (const [what, contrast, least] of measured) assert.ok(contrast >= least, `${what}: ${contrast.toFixed(2)}`);
  });
}
