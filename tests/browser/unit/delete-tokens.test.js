import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStorage } from '../../../static-site/storage.js';
import { createDeleteTokens } from '../../../static-site/delete-tokens.js';

class FakeStorage {
  items = new Map();
  getItem(key) { return this.items.get(key) ?? null; }
  setItem(key, value) { this.items.set(key, value); }
  removeItem(key) { this.items.delete(key); }
}

const refusing = {
  getItem() { throw new Error('denied'); },
  setItem() { throw new Error('denied'); },
  removeItem() { throw new Error('denied'); },
};

const tokensIn = (storage) => createDeleteTokens(createStorage(storage));

test('a token is kept on the device under its message', () => {
  const storage = new FakeStorage();
  tokensIn(() => storage).keep('01A', 'secret');
  assert.equal(tokensIn(() => storage).of('01A'), 'secret');
  assert.equal(tokensIn(() => storage).of('01B'), null);
});

test('a token no longer needed leaves nothing behind', () => {
  const storage = new FakeStorage();
  const tokens = tokensIn(() => storage);
  tokens.keep('01A', 'secret');
  tokens.drop('01A');
  assert.equal(tokens.of('01A'), null);
  assert.equal(storage.items.size, 0);
});

const denied = () => {
  throw new DOMException('denied', 'SecurityError');
};

for (const [what, storage] of [['refuses to store', () => refusing], ['denies its storage', denied]]) {
  test(`where the browser ${what}, tokens last as long as the page`, () => {
    const tokens = tokensIn(storage);
    tokens.keep('01A', 'secret');
    assert.equal(tokens.of('01A'), 'secret');
    tokens.drop('01A');
    assert.equal(tokens.of('01A'), null);
  });
}
