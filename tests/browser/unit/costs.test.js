// What takes a browser long to make is made only where it is wanted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

/** Has `use` run with a module of its own, and answers how many of `Intl[name]` were made for it. */
async function made(name, module, use) {
  const Real = Intl[name];
  let count = 0;
  Intl[name] = class extends Real {
    constructor(...args) {
      super(...args);
      count += 1;
    }
  };
  try {
    use(await import(`../../../static-site/${module}?${Math.random()}`));
  } finally {
    Intl[name] = Real;
  }
  return count;
}

test('most names need no segmenter', async () => {
  assert.equal(await made('Segmenter', 'mark.js', ({ lookOf }) => ['Ada Lovelace', 'Tomás', '阿明', 'Иван', 'ひかり', '민준', 'E. B.'].map(lookOf)), 0);
  assert.equal(await made('Segmenter', 'mark.js', ({ lookOf }) => ['👩‍👩‍👧 family', 'क्षितिज', 'กำพล', 'x\u0323\u0302\u0303'].map(lookOf)), 1);
});

test('a moment that is told in minutes needs no other format', async () => {
  const words = { locale: 'en', say: (key) => key };
  const tell = ({ relativeTime, shortTime }) => assert.deepEqual([relativeTime, shortTime].map((one) => one(0, 240_000, words)), ['4 minutes ago', '4 min']);
  assert.equal(await made('DateTimeFormat', 'time.js', tell), 0);
  assert.equal(await made('NumberFormat', 'time.js', tell), 1);
});
