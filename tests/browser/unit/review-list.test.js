import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReviewList } from '../../../static-site/review-list.js';

const page = (letters, next = null) => ({ messages: [...letters].map((id) => ({ id })), next });
const newestFirst = () => new ReviewList({ isAway: () => false });
const ids = ({ messages }) => messages.map(({ id }) => id).join('');

test('a range goes from the message chosen last to this one, in either direction', () => {
  const list = newestFirst();
  list.merge(page('FEDCBA'));
  list.choose('E', true);
  list.choose('B', true, { isRange: true });
  assert.equal([...list.chosen].join(''), 'EDCB');
  list.choose('C', false);
  list.choose('E', false, { isRange: true });
  assert.equal([...list.chosen].join(''), 'B');
});

test('a range without a beginning is the message alone', () => {
  const list = newestFirst();
  list.merge(page('CBA'));
  list.choose('A', true, { isRange: true });
  assert.equal([...list.chosen].join(''), 'A');
});

test('pages that follow stay, unless something may lie between', () => {
  const list = newestFirst();
  list.merge(page('FE', 'E'));
  list.put(page('DC').messages);
  list.next = 'C';
  list.merge(page('GF', 'F'));
  assert.deepEqual([ids(list), list.next], ['GFEDC', 'C']);
  list.merge(page('JI', 'I'));
  assert.deepEqual([ids(list), list.next], ['JI', 'I']);
  list.put(page('HG').messages);
  list.merge(page('JI', 'I'), { anew: true });
  assert.equal(ids(list), 'JI');
});
