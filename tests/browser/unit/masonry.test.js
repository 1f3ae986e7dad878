import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Masonry } from '../../../static-site/masonry.js';

const GAP = 10;

function wallOf(columns, heights) {
  const wall = new Masonry(columns, GAP);
  for (const [index, height] of heights.entries()) wall.add(`m${index}`, height);
  return wall;
}

const columnsOf = (wall) => wall.ids.map((id) => wall.get(id).column);

test('each hangs in the shortest column, and the first of those that are nearly as short', () => {
  assert.deepEqual(columnsOf(wallOf(3, [100, 100, 100, 50])), [0, 1, 2, 0]);
  assert.deepEqual(columnsOf(wallOf(3, [200, 100, 110, 50])), [0, 1, 2, 1]);
  // 24 pixels are nearly as short, 25 are not.
  assert.deepEqual(columnsOf(wallOf(2, [124, 100, 50])), [0, 1, 0]);
  assert.deepEqual(columnsOf(wallOf(2, [125, 100, 50])), [0, 1, 1]);
});

test('the wall is filled as far down as its shortest column goes', () => {
  assert.equal(wallOf(3, [100, 100]).filled, 0);
  assert.equal(wallOf(3, [100, 120, 70, 10]).filled, 70 + GAP + 10 + GAP);
});

test('no card begins far above one that comes before it', () => {
  const heights = Array.from({ length: 300 }, (_, index) => 80 + ((index * 7_919) % 400));
  const wall = wallOf(5, heights);
  let lowest = 0;
  for (const id of wall.ids) {
    const { top } = wall.get(id);
    assert.ok(top >= lowest - 24, `${id} at ${top} after one at ${lowest}`);
    lowest = Math.max(lowest, top);
  }
});

test('within a column there is one gap between two, and no hole', () => {
  const wall = wallOf(4, Array.from({ length: 60 }, (_, index) => 60 + ((index * 131) % 300)));
  const ends = [0, 0, 0, 0];
  for (const id of wall.ids) {
    const { column, top, height } = wall.get(id);
    assert.equal(top, ends[column]);
    ends[column] = top + height + GAP;
  }
  assert.equal(wall.height, Math.max(...ends) - GAP);
});

test('what is added moves nothing', () => {
  const wall = wallOf(3, [100, 40, 300, 20]);
  const before = JSON.stringify(wall.ids.map((id) => wall.get(id)));
  wall.add('more', 500);
  wall.add('and more', 10);
  assert.equal(JSON.stringify(wall.ids.slice(0, 4).map((id) => wall.get(id))), before);
});

test('one that becomes higher moves what hangs below it in its column', () => {
  const wall = wallOf(2, [100, 100, 50, 50]);
  assert.equal(wall.setHeight('m0', 100.4), false);
  assert.equal(wall.setHeight('m0', 150), true);
  assert.deepEqual([wall.get('m2').top, wall.get('m3').top], [160, 110]);
  assert.equal(wall.setHeight('unknown', 1), false);
});

test('one that is taken down closes up, or leaves its place where that is asked for', () => {
  const wall = wallOf(1, [100, 100, 100]);
  wall.remove('m0', { isKept: true });
  assert.equal(wall.get('m1').top, 110);
  wall.remove('m1');
  assert.equal(wall.get('m2').top, 110);
  assert.deepEqual([wall.has('m0'), wall.ids, wall.height], [false, ['m2'], 210]);
});

test('an empty wall has no height', () => assert.equal(new Masonry(3, GAP).height, 0));
