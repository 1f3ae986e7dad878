import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { ENGINES } from './support/engines.js';
import { Firefox } from './support/firefox.js';
import { png } from './support/shapes.js';
import { historyIsBack } from './support/viewer.js';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const SENTENCE = 'This picture cannot be shown.';
/** The originals, and their small versions. */
const PICTURES = /\/(images|small)\//;
const expected = [/status of 404/, /ERR_FAILED|ERR_INTERNET_DISCONNECTED/];

/** A board of 20 messages; the pictures of three of them, of different shapes, are gone. Nobody may be at its page meanwhile. */
async function furnish(board) {
  await board.postMany(8);
  const gone = [];
  for (const [text, file, alt] of [['wide', 'photo.webp', ''], ['upright', 'camera.jpg', 'a red bridge'], ['turned', 'orientation-6.jpg', '']]) {
    gone.push(await board.postPicture(text, file, { author: 'Ada', alt }));
  }
  await board.postMany(9);
  for (const message of gone) await board.losePicture(message);
  return gone;
}

/** Leaves the page, which would have small versions made of pictures that are to be gone. */
const leave = ({ page }) => page.goto('about:blank');

const MEASURE = `
  const { scrollWidth, clientWidth } = document.documentElement;
  const boxes = [...document.querySelectorAll('.message')].flatMap((message) => {
    const box = message.querySelector('.broken');
    if (!box) return [];
    const { width, height, right } = box.getBoundingClientRect();
    const image = message.querySelector('img');
    const wanted = image.getAttribute('width') / image.getAttribute('height');
    return [{ ratio: width / height, wanted, fits: right <= message.getBoundingClientRect().right }];
  });
  return { sticksOut: scrollWidth - clientWidth, boxes };`;

function assertInShape({ sticksOut, boxes }) {
  assert.equal(sticksOut, 0, 'nothing sticks out');
  assert.equal(boxes.length, 3);
  for (const { ratio, fits, wanted } of boxes) {
    assert.ok(fits, 'within its card');
    assert.ok(Math.abs(ratio - wanted) < 0.02, `${ratio} instead of ${wanted}`);
  }
}

for (const width of [320, 390, 1440]) {
  boardTest(`at ${width} pixels, pictures that do not load say so in their shape, and nothing sticks out`, { expected, viewport: { width, height: 800 } }, async ({ board, visitor }) => {
    await leave(visitor);
    await furnish(board);
    await visitor.page.goto(board.site);
    await eventually(async () => {
      for (const frame of await visitor.find('.message__picture').all()) await frame.evaluate((element) => element.scrollIntoView());
      assert.equal(await visitor.find('.message .broken').count(), 3);
    });
    // A box goes for a moment where its picture is asked for once more.
    await eventually(async () => assertInShape(await visitor.page.evaluate(`(() => {${MEASURE}})()`)));
    await eventually(async () => {
      const said = await visitor.find('.message .broken').evaluateAll((boxes) => boxes.map(({ innerText }) => innerText.split('\n')));
      assert.deepEqual(said.map(([sentence]) => sentence), [SENTENCE, SENTENCE, SENTENCE]);
      assert.equal(said[1][1], 'a red bridge');
    });
    assert.deepEqual(await visitor.violations(), []);

    // In the dialog and by its address it is no different.
    const upright = visitor.message('upright');
    await upright.locator('.message__picture').click();
    const box = visitor.page.getByRole('dialog').locator('.is-current .broken');
    await box.getByText(SENTENCE).waitFor();
    await eventually(async () => {
      const { sticksOut, ratio } = await box.evaluate((element) => {
        const { width: w, height: h } = element.getBoundingClientRect();
        const stage = element.parentElement;
        return { sticksOut: [stage.scrollWidth - stage.clientWidth, stage.scrollHeight - stage.clientHeight], ratio: w / h };
      });
      assert.deepEqual(sticksOut, [0, 0]);
      assert.ok(Math.abs(ratio - 3 / 4) < 0.02, `${ratio}`);
    });
    assert.deepEqual(await visitor.violations(), []);
  });
}

test('in Firefox, too, pictures that do not load say so in their shape, and nothing sticks out', { timeout: 180_000 }, async () => {
  const board = await Board.start();
  let firefox;
  try {
    await furnish(board);
    firefox = await Firefox.start();
    for (const width of [320, 390, 1440]) {
      await firefox.goTo(board.site);
      // A window of its own may be narrower than those with a bar of buttons.
      const before = await firefox.send('GetWindowHandles', {});
      await firefox.run('open(location.href, "", `popup,width=${arguments[0]},height=800`)', width);
      const handle = await eventually(async () => {
        const fresh = (await firefox.send('GetWindowHandles', {})).filter((one) => !before.includes(one));
        assert.equal(fresh.length, 1);
        return fresh[0];
      });
      await firefox.send('SwitchToWindow', { handle });
      for (const number of [0, 1, 2]) {
        await eventually(async () => {
          const isBroken = 'const frame = document.querySelectorAll(".message__picture")[arguments[0]]; frame.scrollIntoView(); return frame.querySelector(".broken") !== null';
          assert.ok(await firefox.run(isBroken, number));
        });
      }
      if (width < 1000) assert.equal(await firefox.run('return innerWidth'), width);
      await eventually(async () => assertInShape(await firefox.run(MEASURE)));
      await firefox.send('CloseWindow', {});
      await firefox.send('SwitchToWindow', { handle: before[0] });
    }
  } finally {
    await firefox?.close();
    await board.remove();
  }
});

for (const engine of ['Chromium', 'Firefox', 'WebKit']) {
  test(`in ${engine}, a picture of any shape that does not load says so whole on a narrow wall, and nothing lies over that`, { timeout: 300_000 }, async () => {
    const board = await Board.start();
    try {
      for (const [text, file, alt] of [['a panorama', png(3_000, 500), ''], ['wide', png(1_600, 800), 'a red bridge over the river'], ['moving', 'animation.gif', ''], ['a thread', png(500, 3_000), ''], ['usual', png(800, 600), 'a red bridge '.repeat(20)]]) {
        await board.losePicture(await board.postPicture(text, file, { author: 'Maximiliane Mustermann', alt }));
      }
      for (const width of [320, 390]) {
        const view = await ENGINES[engine](board.site, { width, height: 800, scale: 1, reducedMotion: 'reduce' });
        try {
          await eventually(() => view.run('localStorage.setItem("corkboard:layout", "wall")'));
          await view.run('location.reload()');
          await eventually(async () => {
            const measured = await view.run(`
              if (!document.querySelector('.message--wall')) return null;
              for (const frame of document.querySelectorAll('.message__picture')) frame.scrollIntoView();
              const cards = [...document.querySelectorAll('.message')];
              const meet = (one, other) => one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1;
              const { scrollWidth, clientWidth } = document.documentElement;
              return {
                sticksOut: scrollWidth - clientWidth,
                overlaps: cards.some((card, at) => cards.slice(at + 1).some((other) => meet(card.getBoundingClientRect(), other.getBoundingClientRect()))),
                frames: cards.map((card) => {
                  const frame = card.querySelector('.message__picture');
                  const box = frame.querySelector('.broken:not(.is-asked)');
                  if (!box) return null;
                  const around = frame.getBoundingClientRect();
                  const said = [box.firstElementChild, box.lastElementChild].map((words) => words.getBoundingClientRect());
                  return {
                    text: card.querySelector('.message__text').textContent,
                    fits: said.every(({ left, top, right, bottom }) => left >= around.left && right <= around.right && top >= around.top && bottom <= around.bottom),
                    badges: frame.querySelector('.badge').getClientRects().length > 0 || getComputedStyle(frame, '::after').content !== 'none',
                    higher: around.height - around.width / frame.style.getPropertyValue('--ratio'),
                    spare: around.height - (said[1].bottom - said[0].top),
                  };
                }),
              };`);
            assert.equal(measured?.frames.length, 5);
            assert.deepEqual([measured.sticksOut, measured.overlaps], [0, false]);
            for (const { text, fits, badges, higher, spare } of measured.frames) {
              assert.ok(fits, `${width}, ${text}: its words are cut`);
              assert.equal(badges, false, `${width}, ${text}`);
              // It is of another shape only where its words want that.
              assert.ok(higher > -1 && (higher < 1 || spare < 12), `${width}, ${text}: ${higher} higher`);
            }
          });
        } finally {
          await view.close();
        }
      }
    } finally {
      await board.remove();
    }
  });
}

boardTest('nothing moves while a picture that did not load is asked for once more', { expected, layout: 'wall', viewport: { width: 320, height: 800 } }, async ({ board, visitor }) => {
  await board.post('below');
  await board.postPicture('wide', png(1_600, 800), { alt: 'a red bridge over the river, and all that is around it' });
  let isHeld = false;
  await visitor.page.route(PICTURES, (route) => isHeld || route.abort());
  await visitor.page.reload();
  const card = visitor.message('wide');
  await card.getByText(SENTENCE).waitFor();
  const height = () => card.evaluate((element) => element.getBoundingClientRect().height);
  const before = await height();
  isHeld = true;
  await visitor.lookAgain();
  await card.getByText(SENTENCE).waitFor({ state: 'hidden' });
  assert.equal(await height(), before);
  isHeld = false;
  await visitor.page.unroute(PICTURES);
});

boardTest('a linked message whose picture does not load says so within its width', { expected, viewport: { width: 390, height: 800 } }, async ({ board, visitor }) => {
  await leave(visitor);
  const message = await board.postPicture('long ago', 'photo.webp');
  await board.postMany(20);
  await board.losePicture(message);
  await visitor.page.goto(`${board.site}#${message.id}`);
  await visitor.find('.permalink').getByText(SENTENCE).waitFor();
  assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth), 390);
});

for (const [what, viewport] of [['a phone', { width: 390, height: 844 }], ['a phone held sideways', { width: 844, height: 390 }], ['a desk', { width: 1440, height: 800 }]]) {
  boardTest(`on ${what}, a picture of any shape that does not load takes no more than the screen`, { expected, viewport }, async ({ board, visitor }) => {
    await leave(visitor);
    for (const [width, height] of [[1, 16_384], [16_384, 1], [1_080, 12_000], [12_000, 1_080], [768, 1_024]]) {
      await board.losePicture(await board.postPicture(`${width} × ${height}`, png(width, height), { alt: 'a bridge '.repeat(20) }));
    }
    await visitor.page.goto(board.site);
    await visitor.messages.nth(4).waitFor();
    for (const card of await visitor.messages.all()) {
      const shape = await card.locator('.message__text').textContent();
      await card.evaluate((element) => element.scrollIntoView());
      const box = card.locator('.broken');
      await box.getByText(SENTENCE).waitFor();
      // It goes for a moment where the picture is asked for once more.
      await eventually(async () => {
        const { width, height } = (await box.boundingBox()) ?? {};
        assert.ok(height <= 0.8 * viewport.height + 1 && height >= 44 && width >= 200, `${shape}: ${width} × ${height}`);
      });
      assert.equal(await box.evaluate(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight), false, 'its words fit');

      await card.locator('.message__picture').click();
      const dialog = visitor.page.getByRole('dialog');
      await dialog.locator('.is-current').getByText(SENTENCE).waitFor();
      const stage = dialog.locator('.picture-dialog__stage.is-current');
      await eventually(async () => {
        const over = await stage.evaluate((element) => [element.scrollWidth - element.clientWidth, element.scrollHeight - element.clientHeight]);
        assert.deepEqual(over, [0, 0], shape);
      });
      await dialog.getByRole('button', { name: 'Close' }).click();
      await dialog.waitFor({ state: 'hidden' });
      await historyIsBack(visitor);
    }
    assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth), viewport.width);
  });
}

test('in Firefox, too, a long picture that does not load takes no more than the screen', { timeout: 180_000 }, async () => {
  const board = await Board.start();
  let firefox;
  try {
    await board.losePicture(await board.postPicture('a thread', png(1, 16_384)));
    firefox = await Firefox.start();
    await firefox.goTo(board.site);
    await eventually(async () => {
      const height = await firefox.run("return document.querySelector('.broken').getBoundingClientRect().height / innerHeight");
      assert.ok(height <= 0.81, `${height} of the screen`);
    });
  } finally {
    await firefox?.close();
    await board.remove();
  }
});

for (const back of ['the line is back', 'a refresh succeeds after one that failed', 'the tab is looked at again', 'some time has passed', 'one taps on each']) {
  boardTest(`pictures that did not load are there once ${back}`, { expected, layout: 'list' }, async ({ board, visitor }) => {
    const { id } = await board.postPicture('long ago', 'photo.webp');
    await board.postMany(20);
    await board.postPicture('wide', 'small.jpg', { alt: 'a lake' });
    await board.postPicture('upright', 'camera.jpg');
    await visitor.page.goto('about:blank');
    await visitor.page.route(PICTURES, (route) => route.abort());
    await visitor.page.goto(`${board.site}#${id}`);
    await visitor.find('.permalink').getByText(SENTENCE).waitFor();
    await visitor.message('wide').scrollIntoViewIfNeeded();
    await visitor.message('wide').getByText(SENTENCE).waitFor();
    await visitor.find('.carrousel__words', { hasText: SENTENCE }).first().waitFor();
    if (back === 'the line is back') {
      await visitor.page.unroute(PICTURES);
      await visitor.lookAgain();
    } else if (back === 'the tab is looked at again') {
      await visitor.page.unroute(PICTURES);
      await visitor.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    } else if (back === 'some time has passed') {
      await visitor.page.unroute(PICTURES);
    } else if (back === 'one taps on each') {
      await visitor.page.unroute(PICTURES);
      await visitor.page.clock.install();
      await visitor.find('.broken').evaluateAll((boxes) => {
        for (const box of boxes) box.dispatchEvent(new MouseEvent('click', { bubbles: false }));
      });
    } else {
      await visitor.page.route('**/api/messages', (route) => route.abort());
      await visitor.page.getByText('No connection to the board.').waitFor();
      await visitor.page.unroute(PICTURES);
      await visitor.page.unroute('**/api/messages');
    }
    await eventually(async () => {
      assert.equal(await visitor.find('.broken').count(), 0);
      assert.equal(await visitor.find('.carrousel__words', { hasText: SENTENCE }).count(), 0);
    });
    await visitor.seeCarrousel();
    await eventually(async () => assert.ok(await visitor.carrouselPicture.evaluate(({ naturalWidth }) => naturalWidth) > 0));
    for (const image of await visitor.find('.message__picture img').all()) {
      await image.scrollIntoViewIfNeeded();
      await eventually(async () => assert.ok(await image.evaluate((element) => element.complete && element.naturalWidth > 0)));
    }
  });
}

boardTest('a picture that comes when it is opened is there in the list, too', { expected }, async ({ board, visitor }) => {
  await board.postPicture('wide', 'small.jpg', { alt: 'a lake' });
  let fails = true;
  await visitor.page.route(PICTURES, (route) => (fails ? route.abort() : route.continue()));
  await visitor.page.reload();
  await visitor.message('wide').scrollIntoViewIfNeeded();
  await visitor.message('wide').getByText(SENTENCE).waitFor();
  fails = false;
  await visitor.message('wide').locator('.message__picture').click();
  const dialog = visitor.page.getByRole('dialog');
  await dialog.getByRole('img', { name: 'a lake' }).waitFor();
  await visitor.message('wide').locator('img').waitFor();
  await eventually(async () => assert.equal(await visitor.find('.broken').count(), 0));
});
