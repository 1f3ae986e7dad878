import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookOf } from '../../../static-site/mark.js';

test('whoever has the same name has the same mark, however it is typed', () => {
  assert.deepEqual(lookOf('Tomás'), lookOf('Toma\u0301s'));
  assert.deepEqual(lookOf('Ada'), lookOf(' Ada '));
  assert.notDeepEqual(lookOf('Ada'), lookOf('Ade'));
});

test('a mark has the first letter of the name, whole and large', () => {
  const letters = { ada: 'A', '阿明': '阿', 'é': 'É', '👩‍👩‍👧 family': '👩‍👩‍👧', '🇹🇼': '🇹🇼', 'ßig': 'ß', 'क्षितिज': 'क्षि', '': '' };
  for (const [name, letter] of Object.entries(letters)) assert.equal(lookOf(name).letter, letter, name);
});

test('all colours and shapes come up, and about as often', () => {
  const counts = new Map();
  for (let number = 0; number < 3_200; number += 1) {
    const { colour, shape } = lookOf(`name ${number}`);
    const key = `${colour} ${shape}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.equal(counts.size, 32);
  for (const [key, count] of counts) assert.ok(count > 50 && count < 160, `${key}: ${count}`);
});
