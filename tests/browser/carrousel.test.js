import assert from 'node:assert/strict';
import { boardTest } from './support/with-board.js';
import { eventually } from './support/visitor.js';

const FILES = ['drawing.png', 'small.jpg', 'photo.webp', 'animation.gif', 'drawing.bmp'];

/** Posts the first `count` pictures, oldest first, and waits until the carrousel has them. */
async function fill(visitor, count) {
  for (const file of FILES.slice(0, count)) await visitor.post({ text: `with ${file}`, picture: file, alt: file });
  await visitor.find('.carrousel__count', { hasText: `1 / ${count}` }).waitFor();
}

const shows = (visitor, alt) => visitor.find(`.carrousel__slide.is-current [alt="${alt}"]`).waitFor();

boardTest('the carrousel begins with the newest picture and can be led both ways round', {}, async ({ visitor }) => {
  await fill(visitor, 5);
  await shows(visitor, 'drawing.bmp');
  const next = visitor.page.getByRole('button', { name: 'Next picture' });
  const previous = visitor.page.getByRole('button', { name: 'Previous picture' });
  for (const alt of ['animation.gif', 'photo.webp', 'small.jpg', 'drawing.png', 'drawing.bmp']) {
    await next.click();
    await shows(visitor, alt);
  }
  await previous.click();
  await shows(visitor, 'drawing.png');
  await visitor.find('.carrousel__count', { hasText: '5 / 5' }).waitFor();
});

boardTest('the carrousel loads the current picture and its neighbours, no more', {}, async ({ visitor }) => {
  await fill(visitor, 5);
  const near = () => visitor.find('.carrousel__picture').evaluateAll((images) => images.map(({ alt }) => alt).sort());
  await eventually(async () => assert.deepEqual(await near(), ['animation.gif', 'drawing.bmp', 'drawing.png']));
  await visitor.page.getByRole('button', { name: 'Next picture' }).click();
  await eventually(async () => assert.deepEqual(await near(), ['animation.gif', 'drawing.bmp', 'photo.webp']));
});

boardTest('ten thousand pictures are as light as three', {
  async before(page) {
    const list = Array.from({ length: 10_000 }, (_, number) => ({ url: `/favicon.svg?${number}` }));
    await page.route('**/api/carrousel.json', (route) => route.fulfill({ json: list }));
  },
}, async ({ visitor }) => {
  await visitor.find('.carrousel__count', { hasText: '1 / 10000' }).waitFor();
  const near = () => visitor.find('.carrousel__picture').evaluateAll((images) => images.map(({ src }) => src.split('?')[1]).sort());
  await eventually(async () => assert.deepEqual(await near(), ['0', '9998', '9999']));
  await visitor.page.getByRole('button', { name: 'Previous picture' }).click();
  await visitor.find('.carrousel__count', { hasText: '10000 / 10000' }).waitFor();
  await eventually(async () => assert.deepEqual(await near(), ['0', '1', '9999']));
});

boardTest('a picture someone has gone to stays when a new one comes', {}, async ({ visitor }) => {
  await fill(visitor, 2);
  await visitor.page.getByRole('button', { name: 'Next picture' }).click();
  await shows(visitor, 'drawing.png');
  await visitor.post({ text: 'one more', picture: 'photo.webp', alt: 'photo.webp' });
  await visitor.find('.carrousel__count', { hasText: '3 / 3' }).waitFor();
  await shows(visitor, 'drawing.png');
});

boardTest(
  'the carrousel moves on by itself until it is paused',
  { reducedMotion: 'no-preference', before: (page) => page.clock.install() },
  async ({ visitor }) => {
    const { clock } = visitor.page;
    for (const file of FILES.slice(0, 3)) await visitor.post({ text: `with ${file}`, picture: file, alt: file });
    await eventually(async () => {
      await clock.runFor(1_000);
      assert.match(await visitor.find('.carrousel__count').textContent(), /\/ 3/);
    });
    // Out of its way: the pointer on it holds it.
    await visitor.page.mouse.move(0, 0);
    const position = () => visitor.find('.carrousel__count').textContent();
    const before = await position();
    await clock.runFor(7_000);
    assert.notEqual(await position(), before);

    await visitor.page.getByRole('button', { name: 'Pause the pictures' }).click();
    await visitor.page.mouse.move(0, 0);
    await visitor.page.evaluate(() => document.activeElement.blur());
    const paused = await position();
    await clock.runFor(60_000);
    assert.equal(await position(), paused);

    await visitor.page.getByRole('button', { name: 'Play the pictures' }).click();
    await clock.runFor(60_000);
    assert.equal(await position(), paused, 'the keyboard is still on it');
    await visitor.page.mouse.move(0, 0);
    await visitor.page.evaluate(() => document.activeElement.blur());
    await clock.runFor(7_000);
    assert.notEqual(await position(), paused);
  },
);

boardTest('who prefers reduced motion sees nothing move by itself', { before: (page) => page.clock.install() }, async ({ visitor }) => {
  await visitor.post({ text: 'one', picture: 'small.jpg' });
  await visitor.post({ text: 'two', picture: 'drawing.png' });
  await eventually(async () => {
    await visitor.page.clock.runFor(1_000);
    assert.equal(await visitor.find('.carrousel__count').textContent(), '1 / 2');
  });
  // Long enough for one picture, not for two.
  await visitor.page.clock.runFor(9_000);
  assert.equal(await visitor.find('.carrousel__count').textContent(), '1 / 2');
});
