import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHeldStore } from '../../../static-site/held-store.js';

/** What all tabs of a browser share. */
function shared() {
  const kept = new Map();
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value), drop: (key) => kept.delete(key) };
}

/** Without pictures, so nothing waits for the database. */
const open = (storage) => createHeldStore({ storage, indexedDB: () => ({ open: () => new EventTarget() }) });
const ids = ({ entries }) => entries.map(({ id }) => id).join('');

test('what another tab has posted, changed or dropped meanwhile stays as it is', async () => {
  const storage = shared();
  const [one, other] = [open(storage), open(storage)];
  await one.add({ id: 'a', status: 'held' });
  await other.add({ id: 'b', status: 'held' });
  await one.add({ id: 'c', status: 'held' });
  assert.equal(ids(open(storage)), 'cba');
  other.drop('a');
  one.change('c', { status: 'rejected' });
  assert.equal(ids(one), 'cb');
  assert.deepEqual(open(storage).entries[0], { id: 'c', status: 'rejected' });
});
