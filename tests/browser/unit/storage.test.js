import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStorage } from '../../../static-site/storage.js';

function webStorage() {
  const items = new Map();
  return {
    items,
    isFull: false,
    getItem: (key) => items.get(key) ?? null,
    setItem(key, value) {
      if (this.isFull) throw new DOMException('full', 'QuotaExceededError');
      items.set(key, value);
    },
    removeItem: (key) => void items.delete(key),
  };
}

test('what another tab took away is gone here, too', () => {
  const shared = webStorage();
  const [one, other] = [createStorage(() => shared), createStorage(() => shared)];
  one.set('moderator', 'Ada');
  assert.equal(other.get('moderator'), 'Ada');
  other.drop('moderator');
  assert.equal(one.get('moderator'), null);
});

test('what the browser has no room for, or refuses, lasts as long as the page', () => {
  const shared = webStorage();
  const storage = createStorage(() => shared);
  storage.set('name', 'Ada');
  shared.isFull = true;
  storage.set('name', 'Bo');
  assert.equal(storage.get('name'), 'Bo');
  shared.isFull = false;
  storage.set('name', 'Cy');
  assert.deepEqual([storage.get('name'), shared.items.get('corkboard:name')], ['Cy', 'Cy']);
  const refused = createStorage(() => { throw new DOMException('refused', 'SecurityError'); });
  refused.set('name', 'Ada');
  assert.equal(refused.get('name'), 'Ada');
  refused.drop('name');
  assert.equal(refused.get('name'), null);
});
