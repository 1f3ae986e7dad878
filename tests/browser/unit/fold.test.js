import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../../static-site/fold.js';

test('all texts are looked at before any is changed, since a look after a change lays the page out once more', () => {
  const log = [];
  const folding = (name, long) => ({
    look() {
      log.push(`look ${name}`);
      return long;
    },
    take: (found) => log.push(`${name} is ${found ? 'long' : 'short'}`),
  });
  settle([folding('one', true), folding('other', false)]);
  assert.deepEqual(log, ['look one', 'look other', 'one is long', 'other is short']);
});
