import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictureGrid, monthOf } from '../../../static-site/picture-grid.js';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The address of a picture that was posted then. */
function posted(moment, name = '0') {
  let left = Date.parse(moment);
  let time = '';
  for (let at = 0; at < 10; at += 1) {
    time = DIGITS[left % 32] + time;
    left = Math.floor(left / 32);
  }
  return `/images/${time}${name.padStart(16, '0')}.jpg`;
}

const MEASURES = { width: 320, tile: 100, least: 3, gap: 10, heading: 50 };
const november = (count) => Array.from({ length: count }, (_, at) => posted('2026-11-15T12:00Z', String(at)));
const october = (count) => Array.from({ length: count }, (_, at) => posted('2026-10-15T12:00Z', String(at)));

test('a picture’s month is that of its message', () => {
  assert.equal(monthOf(posted('2026-11-15T12:00Z')), '2026-11');
  assert.equal(monthOf('/images/summer.png'), null);
});

test('each month has its rows, and pictures without one stay where they are', () => {
  const grid = new PictureGrid(['/images/z.png', ...november(4), '/images/y.png', ...october(1)], MEASURES);
  assert.equal(grid.columns, 3);
  assert.equal(grid.side, 100);
  assert.deepEqual(grid.sections, [
    { month: null, start: 0, end: 1, top: 0, height: 160 },
    { month: '2026-11', start: 1, end: 6, top: 160, height: 270 },
    { month: '2026-10', start: 6, end: 7, top: 430, height: 160 },
  ]);
  assert.equal(grid.height, 590);
  assert.deepEqual(grid.placeOf(5), { top: 160, start: 110 });
  assert.equal(grid.topOf(5), 320);
});

test('only what is seen is between two heights', () => {
  const grid = new PictureGrid([...november(300), ...october(300)], MEASURES);
  const [{ from, to }, ...others] = grid.between(1_150, 1_369);
  assert.deepEqual([from, to, others.length], [30, 36, 0]);
  const both = grid.between(grid.sections[1].top - 10, grid.sections[1].top + 60).map((section) => [section.from, section.to]);
  assert.deepEqual(both, [[297, 300], [300, 303]]);
});

test('up and down stay in their column, over the ends of months, and at the ends', () => {
  const grid = new PictureGrid([...november(5), ...october(4)], MEASURES);
  // 0 1 2 / 3 4 // 5 6 7 / 8
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => grid.down(index, 1)), [3, 4, 4, 5, 6, 8, 8, 8, 8]);
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => grid.down(index, -1)), [0, 1, 2, 0, 1, 3, 4, 4, 5]);
  assert.equal(grid.down(0, 10), 8);
});

test('a narrow screen has three columns all the same', () => {
  const grid = new PictureGrid(november(9), { ...MEASURES, width: 200 });
  assert.deepEqual([grid.columns, grid.side], [3, 60]);
});
