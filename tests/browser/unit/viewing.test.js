import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Viewing } from '../../../static-site/viewing.js';

function viewing(url, ...lists) {
  const one = new Viewing();
  one.show(url);
  one.take(lists);
  return one;
}

test('one goes through the first list that has the picture', () => {
  assert.deepEqual(viewing('b', ['a', 'c'], ['a', 'b']).urls, ['a', 'b']);
  assert.deepEqual(viewing('b', ['a', 'b', 'c'], ['b']).urls, ['a', 'b', 'c']);
});

test('a picture that no list has is there by itself, until one has it', () => {
  const one = viewing('x', ['a', 'b']);
  assert.deepEqual([one.urls, one.index], [['x'], 0]);
  one.take([['a', 'x', 'b']]);
  assert.deepEqual([one.urls, one.index, one.url], [['a', 'x', 'b'], 1, 'x']);
});

test('one stays in a list as long as another lacks something of it', () => {
  const one = viewing('c', ['b', 'a'], ['c', 'b', 'a']);
  one.go(1);
  one.take([['b', 'a'], ['c', 'b', 'a']]);
  assert.deepEqual([one.url, one.index, one.urls.length], ['b', 1, 3]);
  one.take([['d', 'c', 'b', 'a', 'older'], ['c', 'b', 'a']]);
  assert.deepEqual([one.url, one.index, one.urls.length], ['b', 2, 5]);
  // What is gone from everywhere holds nobody.
  one.take([['b', 'a'], ['a']]);
  assert.deepEqual([one.url, one.urls], ['b', ['b', 'a']]);
});

test('it and its neighbours are near', () => {
  assert.deepEqual(viewing('a', ['a', 'b', 'c']).near, ['a', 'b']);
  assert.deepEqual(viewing('b', ['a', 'b', 'c', 'd']).near, ['a', 'b', 'c']);
  assert.deepEqual(viewing('d', ['a', 'b', 'c', 'd']).near, ['c', 'd']);
});

test('past either end it stays', () => {
  const one = viewing('a', ['a', 'b']);
  assert.equal(one.go(-1), false);
  assert.equal(one.go(1), true);
  assert.equal(one.go(2), false);
  assert.equal(one.url, 'b');
});

test('new pictures move nothing', () => {
  const one = viewing('b', ['a', 'b']);
  one.take([['new', 'a', 'b']]);
  assert.deepEqual([one.url, one.index], ['b', 2]);
});

test('where the picture is gone, the next older takes its place, else the next newer, else none', () => {
  const one = viewing('b', ['a', 'b', 'c']);
  one.take([['a', 'c']]);
  assert.equal(one.url, 'c');
  one.take([['a']]);
  assert.equal(one.url, 'a');
  const other = viewing('b', ['a', 'b']);
  other.take([[]]);
  assert.deepEqual([other.url, other.urls], [null, []]);
});
