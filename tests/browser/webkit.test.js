import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Board } from './support/corkboard.js';
import { eventually, pictureFile } from './support/visitor.js';
import { WebKit } from './support/webkit.js';

let webkit;
before(async () => (webkit = await WebKit.start()));
after(() => webkit?.close());

/** A test with a fresh board and a private session at its page. Complaints that are not `expected` fail it. */
function webkitTest(name, { expected = [] }, body) {
  test(`in WebKit ${name}`, { timeout: 180_000 }, async () => {
    const board = await Board.start();
    try {
      await visit(board, async (session) => {
        await body({ board, session });
        await session.hear();
        assert.deepEqual(session.complaints.filter((text) => !expected.some((pattern) => pattern.test(text))), []);
      });
    } finally {
      await board.remove();
    }
  });
}

async function visit(board, body) {
  const session = await webkit.openSession();
  try {
    await session.goTo(board.site);
    await eventually(async () => assert.equal(await session.property('.messages__loading', 'hidden'), true));
    await body(session);
  } finally {
    await session.close();
  }
}

const says = (session, selector, pattern) => eventually(async () => assert.match((await session.text(selector)) ?? '', pattern));

/** Waits until the picture at `selector` has come. */
const hasCome = (session, selector) => eventually(async () => assert.ok((await session.property(selector, 'naturalWidth')) > 0));

/** The same, in this version. */
async function shows(session, selector, version) {
  await hasCome(session, selector);
  assert.match(await session.property(selector, 'currentSrc'), version);
}

/** Chooses a picture, and waits until it is fit to be sent. */
async function choose(session, name) {
  await session.type('#composer-picture', pictureFile(name));
  await says(session, '.picture-field__name', new RegExp(name.replace('.', '\\.')));
  await eventually(async () => assert.doesNotMatch(await session.text('.picture-field__note'), /Preparing/));
}

/** Posts what is written, and waits until it is at the top of the list and the form ready for the next message. */
async function send(session, text) {
  await session.click('.composer__post');
  await eventually(async () => assert.equal(await session.text('.message .message__text'), text));
  await eventually(async () => assert.equal(await session.property('#composer-text', 'value'), ''));
}

async function post(session, { text, picture, alt }) {
  await session.openComposer();
  await session.type('#composer-text', text);
  if (picture) await choose(session, picture);
  if (alt) await session.type('#composer-alt', alt);
  await send(session, text);
}

/** What this session keeps of the message being written: text, description, and how many pictures; nothing of none. */
async function kept(session) {
  return session.run(`
    const request = (pending) => new Promise((resolve, reject) => {
      pending.onsuccess = () => resolve(pending.result);
      pending.onerror = () => reject(pending.error);
    });
    return request(indexedDB.open('corkboard')).then(async (database) => {
      const stores = database.transaction(['drafts', 'pictures']);
      const [drafts, pictures] = await Promise.all(['drafts', 'pictures'].map((name) => request(stores.objectStore(name).getAll())));
      database.close();
      return drafts.flatMap(({ text, alt }) => [text, alt, pictures.length]);
    });`);
}

/** Drops a picture that the page draws itself: on the left half red, or noise, that shows through, on the right nothing. */
const DROP = `
  const [name, width, height, noise] = arguments[0];
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  context.fillStyle = 'rgb(200 30 30 / 0.5)';
  context.fillRect(0, 0, width / 2, height);
  if (noise) {
    const image = context.getImageData(0, 0, width / 2, height);
    let seed = 1;
    for (let at = 0; at < image.data.length; at += 1) {
      seed = (Math.imul(seed, 1103515245) + 12345) | 0;
      if (at % 4 !== 3) image.data[at] = (seed >>> 16) & 255;
    }
    context.putImageData(image, 0, 0);
  }
  return new Promise((resolve) => canvas.toBlob(resolve)).then((blob) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([blob], name, { type: 'image/png' }));
    for (const type of ['dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  });`;

/** The pixels in the middle of both halves of a picture. */
const HALVES = `
  const image = Object.assign(new Image(), { src: arguments[0] });
  return image.decode().then(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: image.naturalWidth, height: image.naturalHeight });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return [1, 3].map((quarters) => [...context.getImageData((canvas.width * quarters) / 4, canvas.height / 2, 1, 1).data]);
  });`;

webkitTest('one reads, posts a text and a picture, opens it, and deletes both', {}, async ({ board, session }) => {
  await eventually(async () => assert.match(await session.text('.messages__empty'), /Nothing pinned up/));
  assert.deepEqual(await session.violations(), [], 'empty');
  await post(session, { text: '早安 says https://example.com/.' });
  await eventually(async () => assert.equal(await session.text('.message__text a'), 'https://example.com/'));
  await post(session, { text: 'from the phone', picture: 'camera-6mb.jpg', alt: 'hills' });

  const [message] = (await board.json('/api/messages')).messages;
  const { picture } = message;
  assert.equal(Math.max(picture.width, picture.height), 2_048);
  assert.ok(picture.width < picture.height, 'taken upright');
  assert.deepEqual([picture.type, picture.alt], ['image/jpeg', 'hills']);
  await board.hasSmall(message);
  await session.reload();
  await eventually(() => session.scrollTo('.carrousel__frame'));
  await shows(session, '.carrousel__frame img', /\/small\/(640|960|1280)\//);
  await session.scrollTo('.message__picture');
  await shows(session, '.message__picture img', /\/small\/(640|960|1280)\//);
  assert.deepEqual(await session.violations(), [], 'two messages');

  // Of what a busy machine did not get to in time the original is shown, until the page is opened anew.
  const opened = '.is-current > .picture-dialog__image';
  do {
    await session.reload();
    await eventually(() => session.scrollTo('.message__picture'));
    await session.click('.message__picture');
    await hasCome(session, opened);
  } while (await session.run('return window.isVersionLate'));
  await shows(session, opened, /\/small\/(640|960|1280)\//);
  await eventually(async () => assert.equal(await session.text('.picture-dialog__words'), 'from the phone'));
  assert.deepEqual(await session.violations(), [], 'a picture by itself');
  await session.goBack();
  await eventually(async () => assert.equal(await session.property('.picture-dialog', 'open'), false));

  for (const left of [1, 0]) {
    await session.openMenu();
    await session.click('.message__delete');
    await session.click('.confirmation__yes');
    await eventually(async () => assert.equal(await session.count('.message'), left));
  }
  assert.deepEqual((await board.json('/api/messages')).messages, []);
  await eventually(async () => assert.equal(await session.count('.carrousel__tile'), 0));
});

webkitTest('what one writes and chooses is still there after a reload', {}, async ({ session }) => {
  await session.openComposer();
  await session.type('#composer-text', '寫到一半');
  await session.type('#composer-author', 'Ada');
  await choose(session, 'small.jpg');
  await session.type('#composer-alt', 'a lake');
  await eventually(async () => assert.deepEqual(await kept(session), ['寫到一半', 'a lake', 1]));
  await session.reload();
  await session.openComposer();
  await says(session, '.picture-field__name', /small\.jpg/);
  const fields = ['text', 'author', 'alt'].map((name) => session.property(`#composer-${name}`, 'value'));
  assert.deepEqual(await Promise.all(fields), ['寫到一半', 'Ada', 'a lake']);

  await send(session, '寫到一半');
  await eventually(async () => assert.equal(await session.property('.message__picture img', 'alt'), 'a lake'));
  await eventually(async () => assert.deepEqual(await kept(session), []));
});

webkitTest('a picture can be dropped on the page', {}, async ({ board, session }) => {
  await session.run(DROP, ['dropped.png', 300, 200]);
  await says(session, '.picture-field__name', /dropped\.png/);
  await session.type('#composer-text', 'dropped');
  await session.type('#composer-alt', 'red');
  await send(session, 'dropped');
  const { picture } = (await board.json('/api/messages')).messages[0];
  assert.deepEqual([picture.width, picture.height, picture.type], [300, 200, 'image/png']);
});

webkitTest('a large picture that shows through goes on doing so, in a format that this engine writes', {}, async ({ board, session }) => {
  for (const [name, width, height, noise] of [['plain.png', 3_000, 1_500, false], ['noise.png', 2_000, 2_000, true]]) {
    await session.run(DROP, [name, width, height, noise]);
    await says(session, '.picture-field__name', new RegExp(name));
    await says(session, '.picture-field__note', /Made smaller/);
    await session.type('#composer-text', name);
    await session.type('#composer-alt', 'half there');
    await send(session, name);
    const { picture } = (await board.json('/api/messages')).messages[0];
    assert.equal(picture.type, 'image/png');
    assert.equal(picture.width / picture.height, width / height);
    const [left, right] = await session.run(HALVES, picture.url);
    assert.deepEqual([left[3], right[3]], [128, 0]);
    if (!noise) assert.ok(Math.abs(left[0] - 200) < 6 && picture.width === 2_048, `half red: ${left}`);
  }
});

for (const width of [320, 390, 1440]) {
  webkitTest(`at ${width} pixels a picture that does not load says so, and nothing sticks out`, { expected: [/does not load/] }, async ({ board, session }) => {
    // A page that is open would have its small version made before it is gone.
    await session.goTo('about:blank');
    await board.postMany(3);
    await board.losePicture(await board.postPicture('its picture is gone', 'photo.webp', { alt: 'a red bridge' }));
    await board.postMany(3);
    await session.resize(width);
    await session.goTo(board.site);
    await eventually(() => session.scrollTo('.message__picture'));
    await says(session, '.message .broken', /This picture cannot be shown\..*a red bridge/);
    const page = await session.run('const { scrollWidth, clientWidth } = document.documentElement; return { scrollWidth, clientWidth }');
    assert.equal(page.scrollWidth, page.clientWidth, 'nothing sticks out');
    assert.deepEqual(await session.violations(), []);
  });
}

test('in WebKit ten private sessions post a picture each', { timeout: 600_000 }, async () => {
  const board = await Board.start();
  try {
    for (let number = 1; number <= 10; number += 1) {
      await visit(board, async (session) => {
        await post(session, { text: `number ${number}`, picture: 'small.jpg', alt: 'a lake' });
        await post(session, { text: `number ${number} once more` });
        await session.hear();
        assert.deepEqual(session.complaints, []);
      });
    }
    const { messages } = await board.json('/api/messages?limit=50');
    assert.deepEqual([messages.length, messages.filter(({ picture }) => picture).length], [20, 10]);
  } finally {
    await board.remove();
  }
});
