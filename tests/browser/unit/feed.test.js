import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Feed } from '../../../static-site/feed.js';

const page = (ids, next = null) => ({ messages: [...ids].map((id) => ({ id })), next });
const shown = (feed) => feed.messages.map(({ id }) => id).join('');

function feedOf(ids, next = null) {
  const feed = new Feed();
  feed.offer(page(ids, next));
  feed.reveal();
  return feed;
}

test('the first page is shown as it comes', () => {
  const feed = feedOf('cba', 'a');
  assert.equal(shown(feed), 'cba');
  assert.equal(feed.next, 'a');
});

test('what moved up into the first page, since others deleted what was above it, is not new', () => {
  const feed = feedOf('fedc', 'c');
  feed.offer(page('fcba', 'a'));
  assert.equal(shown(feed), 'fc');
  assert.deepEqual(feed.waiting, { count: 0, more: false });
  feed.offer(page('gfcb', 'b'));
  assert.deepEqual(feed.waiting, { count: 1, more: false });
});

test('new messages wait until they are revealed', () => {
  const feed = feedOf('ba');
  feed.offer(page('dcba'));
  assert.equal(shown(feed), 'ba');
  assert.deepEqual(feed.waiting, { count: 2, more: false });
  feed.reveal();
  assert.equal(shown(feed), 'dcba');
  assert.deepEqual(feed.waiting, { count: 0, more: false });
});

test('a message committed late takes its place among those already there', () => {
  const feed = feedOf('dba');
  feed.offer(page('dcba'));
  feed.reveal();
  assert.equal(shown(feed), 'dcba');
});

test('a message the first page no longer lists goes at once', () => {
  const feed = feedOf('dcba');
  feed.offer(page('dba'));
  assert.equal(shown(feed), 'dba');
});

test('messages older than the first page stay', () => {
  const feed = feedOf('dc', 'c');
  feed.append(page('ba'));
  feed.offer(page('ed', 'd'));
  feed.reveal();
  assert.equal(shown(feed), 'edcba');
  assert.equal(feed.next, null);
});

test('older pages bring nothing twice', () => {
  const feed = feedOf('dc', 'c');
  feed.append(page('cb', 'b'));
  assert.equal(shown(feed), 'dcb');
  assert.equal(feed.next, 'b');
});

test('after more new messages than a page holds, the list starts afresh, without a gap', () => {
  const feed = feedOf('ba', 'a');
  feed.offer(page('yx', 'x'));
  assert.deepEqual(feed.waiting, { count: 2, more: true });
  feed.reveal();
  assert.equal(shown(feed), 'yx');
  assert.equal(feed.next, 'x');
});

test('one’s own post does not hide a gap below it', () => {
  const feed = feedOf('ba', 'a');
  feed.add({ id: 'z' });
  feed.offer(page('zyx', 'x'));
  assert.deepEqual(feed.waiting, { count: 2, more: true });
  feed.reveal();
  assert.equal(shown(feed), 'zyx');
  assert.equal(feed.next, 'x');
});

test('one’s own post stays although a cached first page does not list it yet', () => {
  const feed = feedOf('ba');
  feed.add({ id: 'c' });
  feed.offer(page('ba'));
  feed.reveal();
  assert.equal(shown(feed), 'cba');
  feed.offer(page('cba'));
  feed.offer(page('ba'));
  assert.equal(shown(feed), 'ba', 'once listed, it can be deleted by others');
});

test('what was deleted here does not come back from a cached first page', () => {
  const feed = feedOf('cba');
  feed.remove('b');
  feed.offer(page('cba'));
  assert.equal(feed.waiting.count, 0);
  feed.reveal();
  assert.equal(shown(feed), 'ca');
});

test('the last message deleted leaves an empty list', () => {
  const feed = feedOf('a');
  feed.offer(page(''));
  feed.reveal();
  assert.equal(shown(feed), '');
  assert.equal(feed.next, null);
});

test('told anew, the feed forgets what is gone, and what was deleted here stays so', () => {
  const feed = feedOf('dcba', 'a');
  feed.remove('c');
  feed.clear();
  assert.equal(feed.has('d'), false);
  feed.offer(page('dca'));
  feed.reveal();
  assert.equal(shown(feed), 'da');
  assert.equal(feed.next, null);
});
