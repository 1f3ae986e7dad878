// Pictures in the size in which they are looked at: which version each engine asks for, and when.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Board } from './support/corkboard.js';
import { ENGINES } from './support/engines.js';
import { gif } from './support/shapes.js';
import { StubBoard } from './support/stub-board.js';
import { eventually } from './support/visitor.js';

const PHONE = { width: 390, height: 844, scale: 3 };
const DESK = { width: 1_440, height: 900, scale: 1 };
const SENTENCE = 'This picture cannot be shown.';

const wide = { key: 'wide.png', width: 2_048, height: 1_536 };
const upright = { key: 'upright.png', width: 1_536, height: 2_048 };
const middling = { key: 'middling.png', width: 1_000, height: 700 };
const little = { key: 'little.png', width: 500, height: 300 };
const panorama = { key: 'panorama.png', width: 6_000, height: 1_200 };
const moving = { key: 'moving.gif', width: 800, height: 500, type: 'image/gif', animated: true };
const icon = { key: 'icon.gif', width: 60, height: 40, type: 'image/gif', animated: null };

/** A test with these pictures on a board, in each of these engines by itself. */
function smallTest(name, { pictures, view = DESK, engines = Object.keys(ENGINES), before = () => {} }, body) {
  for (const engine of engines) {
    test(`in ${engine} ${name}`, { timeout: 180_000 }, async () => {
      const board = await StubBoard.start(pictures);
      let session;
      try {
        before(board);
        session = await ENGINES[engine](board.site, view);
        await body({ board, session, engine });
      } finally {
        await session?.close();
        await board.close();
      }
    });
  }
}

/** What the list shows, once all of it has come: `640 key`, and how wide that is by the browser's reckoning and on the screen. */
async function listed(session) {
  return eventually(async () => {
    const images = await session.run(`
      const all = [...document.querySelectorAll('.message__picture img')];
      all.find((image) => !image.complete || image.naturalWidth === 0)?.scrollIntoView({ block: 'center' });
      return all.map((image) => {
        const { width, height } = image.getBoundingClientRect();
        // All of it is to be seen in its box.
        const shown = Math.min(width, (height * image.getAttribute('width')) / image.getAttribute('height'));
        return { came: image.complete && image.naturalWidth > 0, src: image.currentSrc, natural: image.naturalWidth, shown, loading: image.loading, priority: image.fetchPriority };
      });`);
    assert.ok(images.length > 0 && images.every(({ came }) => came), 'all have come');
    return images.map((image) => ({ ...image, version: versionOf(image.src) }));
  });
}

/** A picture is said to be 13 % narrower than it is shown, so that a version comes that is nearly as wide. */
const isSaidOf = (shown, natural) => Math.abs(natural - 0.87 * shown) <= 1.5;

function versionOf(src) {
  const [, width, key] = /\/(?:small\/(\d+)|images)\/(.+?)(?:\.webp)?$/.exec(src) ?? [];
  return `${width ?? 'original'} ${key}`;
}

const carrouselShows = (session) =>
  eventually(async () => {
    const src = await session.run(`
      const image = document.querySelector('.carrousel__frame img');
      return image?.complete && image.naturalWidth > 0 ? image.currentSrc : null;`);
    assert.ok(src);
    return versionOf(src);
  });

const dialogShows = (session, version) =>
  eventually(async () => {
    const src = await session.run(`
      const image = document.querySelector('.is-current > .picture-dialog__image');
      return image.complete && image.naturalWidth > 0 ? image.currentSrc : '';`);
    assert.equal(versionOf(src), version);
  });

/** Opens the picture of a message by the keyboard, which every engine has. */
async function openPicture(session, key) {
  await eventually(() => session.run('document.querySelector(`.message__picture:has([alt="${arguments[0]}"])`).click()', key));
  await eventually(async () => assert.equal(await session.run("return document.querySelector('.picture-dialog').open"), true));
}

for (const [view, { list, carrousel }] of [
  [PHONE, { list: ['960 wide.png', '960 upright.png', '960 middling.png', 'original little.png'], carrousel: '640 wide.png' }],
  [DESK, { list: ['640 wide.png', '640 upright.png', '640 middling.png', 'original little.png'], carrousel: '640 wide.png' }],
]) {
  smallTest(`at ${view.width} pixels of ${view.scale} each, the version that fits is asked for, and no original of what is larger`, { view, pictures: [wide, upright, middling, little] }, async ({ board, session, engine }) => {
    const images = await listed(session);
    assert.deepEqual(images.map(({ version }) => version), list);
    for (const { version, natural, shown } of images.slice(0, 3)) {
      assert.ok(isSaidOf(shown, natural), `${version} is said to be ${natural} pixels wide, and is ${shown}`);
    }
    assert.deepEqual(images.map(({ loading }) => loading), ['eager', 'lazy', 'lazy', 'lazy']);
    if (engine !== 'WebKit') assert.deepEqual(images.map(({ priority }) => priority), ['high', 'auto', 'auto', 'auto']);
    await session.run('window.scrollTo(0, 0)');
    assert.equal(await carrouselShows(session), carrousel);
    assert.deepEqual(board.looked.filter((one) => /original (wide|upright)/.test(one)), []);
    for (const path of ['/carrousel/newest.json', '/api/messages', '/api/board']) assert.equal(board.count(path), 1, path);
  });
}

smallTest('the carrousel’s first picture is asked for while the page is still on its way, and once', {
  pictures: [wide, upright],
  before: (board) => (board.hold = '/app.js'),
}, async ({ board, session }) => {
  await eventually(() => assert.deepEqual(board.looked, ['640 wide.png']));
  board.letGo();
  assert.equal(await carrouselShows(session), '640 wide.png');
  await eventually(() => assert.ok(board.looked.length > 1));
  assert.equal(board.count('/small/640/wide.png.webp'), 1);
  assert.equal(board.count('/carrousel/newest.json'), 1);
});

const odd = ['a b%20c.jpg', '100%.png', 'no#1, (2)+&\'"=@.jpeg', 'album/山/🌉.JPG', 'images/x.gif.webp'];

smallTest('keys of any kind have small versions, and those that cannot have them are shown as they are', { pictures: odd.map((key) => ({ ...wide, key })) }, async ({ board, session }) => {
  const images = await listed(session);
  assert.ok(images.every(({ src }) => src.includes('/small/640/')));
  await session.run('window.scrollTo(0, 0)');
  await eventually(async () => {
    const sources = await session.run("return [...document.querySelectorAll('.carrousel__frame img')].filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).map(({ currentSrc }) => currentSrc)");
    assert.equal(sources.length, odd.length);
    // Chromium takes a larger one that it has already.
    for (const src of sources) assert.match(versionOf(src), /^(640|960|1280) /);
  });
  assert.deepEqual(board.looked.filter((one) => one.startsWith('original')), []);
});

smallTest('what has no small version is asked for itself at once', { pictures: [{ key: 'why?.jpg' }, { key: 'photo.AVIF' }] }, async ({ board, session }) => {
  await carrouselShows(session);
  await eventually(() => assert.deepEqual(board.looked, ['original photo.AVIF', 'original why%3F.jpg']));
});

smallTest('where no small version comes, the original does, once', {
  pictures: [wide, upright],
  before: (board) => (board.spoil = (path) => (path.startsWith('/small/') ? 503 : undefined)),
}, async ({ board, session }) => {
  assert.match(await carrouselShows(session), /^original/);
  assert.deepEqual((await listed(session)).map(({ version }) => version), ['original wide.png', 'original upright.png']);
  for (const { key } of [wide, upright]) assert.equal(board.count(`/images/${key}`), 1);
});

smallTest('where the original does not come either, that is said, and the small version is asked for again when there is hope', {
  pictures: [wide, upright],
  before: (board) => (board.spoil = (path) => (/^\/(small|images)\//.test(path) ? 404 : undefined)),
}, async ({ board, session }) => {
  const broken = () => session.run("return [...document.querySelectorAll('.message .broken')].map((box) => { box.scrollIntoView(); return box.textContent; })");
  await eventually(async () => {
    await session.run("document.querySelectorAll('.message__picture')[1]?.scrollIntoView()");
    const said = await broken();
    assert.equal(said.length, 2);
    for (const sentence of said) assert.ok(sentence.startsWith(SENTENCE));
  });

  // One that is on its way to the carrousel would be taken for the message as well.
  await eventually(async () => assert.ok(await session.run(NONE_ON_ITS_WAY)));
  board.spoil = () => undefined;
  await session.run("window.dispatchEvent(new Event('online'))");
  assert.deepEqual((await listed(session)).map(({ version }) => version), ['640 wide.png', '640 upright.png']);
});

smallTest('an opened picture is the original only where the screen shows more than the small ones have', { pictures: [wide, panorama] }, async ({ board, session }) => {
  await openPicture(session, wide.key);
  await dialogShows(session, '960 wide.png');
  await session.run("document.querySelector('.picture-dialog__next').click()");
  await dialogShows(session, 'original panorama.png');
  assert.deepEqual(board.looked.filter((one) => one.startsWith('original')), ['original panorama.png']);
  assert.ok(board.looked.includes('1280 panorama.png'), 'what is there sooner is seen meanwhile');
});

smallTest('a picture of no message, whose size is not known before it comes, is the original only where it is so large', {
  pictures: [{ ...upright, isPosted: false }],
  view: { ...DESK, scale: 2 },
}, async ({ board, session }) => {
  await eventually(() => session.run("document.querySelector('.carrousel__frame').click()"));
  await dialogShows(session, '1280 upright.png');
  assert.deepEqual(board.looked.filter((one) => one.startsWith('original')), []);
});

smallTest('a picture that is opened on a phone is the original once it is pinched open', { view: PHONE, pictures: [wide], engines: ['Chromium'] }, async ({ board, session }) => {
  await openPicture(session, wide.key);
  await dialogShows(session, '1280 wide.png');
  assert.ok(!board.looked.some((one) => one.startsWith('original')));
  const devtools = await session.page.context().newCDPSession(session.page);
  await devtools.send('Emulation.setPageScaleFactor', { pageScaleFactor: 2 });
  await dialogShows(session, 'original wide.png');
});

/** Whether the carrousel has its two pictures, and none is on its way. */
const NONE_ON_ITS_WAY = `
  const isOnItsWay = ({ src, complete, loading }) => src && !complete && loading !== 'lazy';
  return document.querySelectorAll('.carrousel__frame img').length === 2 && ![...document.images].some(isOnItsWay);`;

/** Whether what is at `selector` is covered by its beginning, as `still.js` does it. */
const isHeld = (session, selector) => session.run('return document.querySelector(arguments[0] + " .still") !== null', selector);
const FRAMES = { [moving.key]: '.message:has([alt="moving.gif"])', [icon.key]: '.message:has([alt="icon.gif"])' };

smallTest('what moves has a badge, and moves while the pointer or the keyboard is on it', { pictures: [moving, icon, wide] }, async ({ board, session }) => {
  await listed(session);
  assert.deepEqual(await session.run("return [...document.querySelectorAll('.message .badge')].map((badge) => [badge.textContent, badge.hidden])"), [['Animated', false], ['Animated', false], ['Animated', true]]);
  for (const [key, frame] of Object.entries(FRAMES)) {
    await eventually(async () => assert.equal(await isHeld(session, frame), true, key));
    if (key === moving.key) assert.ok(!board.looked.includes('original moving.gif'));
    for (const [on, off] of [
      ["dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'mouse' }))", "dispatchEvent(new PointerEvent('pointerleave', { pointerType: 'mouse' }))"],
      ['focus({ focusVisible: true })', 'blur()'],
    ]) {
      await session.run(`document.querySelector(arguments[0] + ' .message__picture').${on}`, frame);
      await eventually(async () => assert.equal(await isHeld(session, frame), false, `${key}: ${on}`));
      assert.ok(board.looked.includes(`original ${key}`));
      await session.run(`document.querySelector(arguments[0] + ' .message__picture').${off}`, frame);
      await eventually(async () => assert.equal(await isHeld(session, frame), true, `${key}: ${off}`));
    }
  }
});

smallTest('what is opened moves, and can be held', { pictures: [moving, icon] }, async ({ session }) => {
  const play = (property) => session.run('return document.querySelector(".picture-dialog__play")[arguments[0]]', property);
  for (const key of [moving.key, icon.key]) {
    await openPicture(session, key);
    await dialogShows(session, `original ${key}`);
    assert.equal(await play('hidden'), false);
    await eventually(async () => assert.equal(await isHeld(session, '.picture-dialog__stage.is-current'), false));
    assert.equal(await play('ariaLabel'), 'Pause the animation');
    await session.run("document.querySelector('.picture-dialog__play').click()");
    await eventually(async () => assert.equal(await isHeld(session, '.picture-dialog__stage.is-current'), true));
    assert.equal(await play('ariaLabel'), 'Play the animation');
    const boxes = await session.run("return ['img', '.still'].map((one) => { const { x, y, width, height } = document.querySelector('.picture-dialog__stage.is-current ' + one).getBoundingClientRect(); return [x, y, width, height].map(Math.round); })");
    assert.deepEqual(boxes[0], boxes[1], 'just over it');
    await session.run("document.querySelector('.picture-dialog__close').click()");
    await eventually(async () => assert.equal(await session.run("return document.querySelector('.picture-dialog').open || history.state !== null"), false));
  }
});

smallTest('who goes from one picture that moves to the next sees that move, too', { pictures: [icon, moving, wide] }, async ({ session }) => {
  await openPicture(session, icon.key);
  for (const [version, hasButton] of [['original icon.gif', true], ['original moving.gif', true], ['960 wide.png', false]]) {
    await dialogShows(session, version);
    await eventually(async () => assert.equal(await isHeld(session, '.picture-dialog__stage.is-current'), false));
    assert.equal(await session.run("return document.querySelector('.picture-dialog__play').hidden"), !hasButton);
    await session.run("document.querySelector('.picture-dialog__next').click()");
  }
});

smallTest('under reduced motion nothing moves until the viewer says so', { pictures: [moving, icon], view: { ...DESK, reducedMotion: 'reduce' }, engines: ['Chromium', 'Firefox'] }, async ({ board, session }) => {
  await listed(session);
  for (const [key, frame] of Object.entries(FRAMES)) {
    await eventually(async () => assert.equal(await isHeld(session, frame), true));
    await session.run("const link = document.querySelector(arguments[0] + ' .message__picture'); link.dispatchEvent(new PointerEvent('pointerenter', { pointerType: 'mouse' })); link.focus({ focusVisible: true });", frame);
    await openPicture(session, key);
    await eventually(async () => assert.equal(await isHeld(session, '.picture-dialog__stage.is-current'), true));
    assert.equal(await isHeld(session, frame), true);
    if (key === moving.key) assert.ok(!board.looked.includes('original moving.gif'));
    await session.run("document.querySelector('.picture-dialog__play').click()");
    await eventually(async () => assert.equal(await isHeld(session, '.picture-dialog__stage.is-current'), false));
    await dialogShows(session, `original ${key}`);
    await session.run("document.querySelector('.picture-dialog__close').click()");
    await eventually(async () => assert.equal(await session.run("return document.querySelector('.picture-dialog').open || history.state !== null"), false));
  }
});

smallTest('what moves in the carrousel does so while the viewer is at it', { pictures: [icon, moving] }, async ({ session }) => {
  await carrouselShows(session);
  const current = '.carrousel__tile:first-child';
  await eventually(async () => assert.equal(await isHeld(session, current), true));
  await session.run("document.querySelector('.carrousel__frame').focus({ focusVisible: true })");
  await eventually(async () => assert.equal(await isHeld(session, current), false));
  await session.run('document.activeElement.blur()');
  await eventually(async () => assert.equal(await isHeld(session, current), true));
});

smallTest('what is held does not change, and what is not does', { pictures: [icon, moving], engines: ['Chromium'] }, async ({ session: { page } }) => {
  for (const key of [icon.key, moving.key]) {
    const frame = page.locator(`${FRAMES[key]} .message__picture`);
    await frame.locator('.still').waitFor();
    const look = async () => (await frame.screenshot()).toString('base64');
    const changes = async () => {
      const looks = [];
      for (let times = 0; times < 6; times += 1) {
        looks.push(await look());
        await page.waitForTimeout(130);
      }
      return new Set(looks).size > 1;
    };
    assert.equal(await changes(), false, `${key} is held`);
    await frame.hover();
    await frame.locator('.still').waitFor({ state: 'detached' });
    const before = await look();
    await eventually(async () => assert.notEqual(await look(), before, `${key} moves`));
    await page.mouse.move(0, 0);
    await frame.locator('.still').waitFor();
    assert.equal(await changes(), false, `${key} is held again`);
  }
});

smallTest('the badge is in the viewer’s language', { pictures: [icon], engines: ['Chromium'] }, async ({ session: { page } }) => {
  await page.locator('.language-menu').selectOption('zh-Hant');
  await eventually(async () => assert.equal(await page.locator('.message .badge').textContent(), '動圖'));
});

for (const [engine, open] of Object.entries(ENGINES)) {
  test(`in ${engine} the versions of a real board are what it makes of its pictures`, { timeout: 180_000 }, async () => {
    const board = await Board.start();
    let session;
    try {
      await board.postPicture('an icon', gif(120, 80), { alt: 'icon' });
      await board.hasSmall(await board.postPicture('a photo', 'camera.jpg', { alt: 'photo' }));
      session = await open(board.site, PHONE);
      const [photo, small] = await listed(session);
      assert.match(photo.src, /\/small\/960\/[0-9A-Z]{26}\.jpg\.webp$/);
      assert.ok(isSaidOf(photo.shown, photo.natural));
      assert.match(small.src, /\/images\/[0-9A-Z]{26}\.gif$/);
      await eventually(async () => assert.equal(await isHeld(session, '.message:has([alt="icon"])'), true));
      const { headers } = await fetch(photo.src);
      assert.equal(headers.get('Content-Type'), 'image/webp');
      await session.run('window.scrollTo(0, 0)');
      // By its shape, where that is known by now.
      assert.match(await carrouselShows(session), /^(640|960|1280) /);
      // In the carrousel the address of its small version leads to the icon itself.
      await eventually(async () => assert.equal(await isHeld(session, '.carrousel__tile:nth-child(2)'), true));
    } finally {
      await session?.close();
      await board.remove();
    }
  });
}
