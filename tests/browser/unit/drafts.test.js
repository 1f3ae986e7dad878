import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDrafts } from '../../../static-site/drafts.js';

/** A request that is answered with `result`. */
function request(result) {
  const asked = Object.assign(new EventTarget(), { result });
  queueMicrotask(() => asked.dispatchEvent(new Event('success')));
  return asked;
}

/** Drafts on a device whose `transactions` end as the test says, each with the names of what it was to do. */
function device() {
  const transactions = [];
  const database = {
    transaction(_, mode) {
      const transaction = Object.assign(new EventTarget(), { did: [], commit() {} });
      if (mode === 'readwrite') transactions.push(transaction);
      transaction.objectStore = (store) => ({
        getAll: () => request([]),
        put: () => transaction.did.push(`put ${store}`),
        delete: () => transaction.did.push(`delete ${store}`),
      });
      transaction.end = (how) => transaction.dispatchEvent(new Event(how));
      return transaction;
    },
  };
  const drafts = createDrafts({ indexedDB: () => ({ open: () => request(database) }), storage: { get: () => null, set() {} }, newSlot: () => 'one' });
  /** Waits until so many transactions have begun, and answers the last. */
  const begun = async (count) => {
    for (let turns = 0; turns < 100 && transactions.length < count; turns += 1) await new Promise(setImmediate);
    assert.equal(transactions.length, count);
    return transactions[count - 1];
  };
  return { drafts, begun };
}

const picture = { name: 'large.jpg' };

test('a picture for which there is no room is said to be kept by none of the calls that save it', async () => {
  const { drafts, begun } = device();
  const first = drafts.save({ text: 'a', picture });
  const writing = await begun(1);
  assert.deepEqual(writing.did, ['put drafts', 'put pictures']);
  const second = drafts.save({ text: 'ab', picture });
  const typing = await begun(2);
  assert.deepEqual(typing.did, ['put drafts'], 'the picture is on its way already');
  writing.end('abort');
  typing.end('complete');
  const words = await begun(3);
  assert.deepEqual(words.did, ['put drafts', 'delete pictures']);
  words.end('complete');
  assert.deepEqual(await Promise.all([first, second]), [false, false]);
});

test('a picture that is kept is written once', async () => {
  const { drafts, begun } = device();
  for (const [number, did] of [['put drafts', 'put pictures'], ['put drafts']].entries()) {
    const saved = drafts.save({ text: 'a', picture });
    const writing = await begun(number + 1);
    assert.deepEqual(writing.did, did);
    writing.end('complete');
    assert.equal(await saved, true);
  }
});
