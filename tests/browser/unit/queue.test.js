import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../static-site/api.js';
import { Queue } from '../../../static-site/queue.js';

const message = (id, status = 'held') => ({ id, status, text: id, author: null, picture: null });

/** A queue before a board that has these messages, and does as it is told; `answer` may change what it tells. */
function queueOf({ held = [], removed = [], posted = [] }, { answer = (outcome) => outcome, page = 50 } = {}) {
  const board = { held: held.map((id) => message(id)), removed: removed.map((id) => message(id, 'rejected')), posted: posted.map((id) => message(id, 'posted')), asked: [] };
  const take = (id) => {
    for (const list of ['held', 'removed', 'posted']) {
      const at = board[list].findIndex((one) => one.id === id);
      if (at >= 0) return board[list].splice(at, 1)[0];
    }
    return null;
  };
  const move = async (kind, some) => {
    board.asked.push([kind, ...some]);
    return some.map((id) => {
      const outcome = answer('done', id, kind);
      if (outcome === 'done') {
        const taken = take(id);
        const { [kind]: to } = { approve: 'posted', reject: 'removed', restore: taken?.status === 'removed' ? 'posted' : 'held', takeDown: 'removed', forever: null };
        if (to) board[to].push({ ...taken, status: { approve: 'posted', reject: 'rejected', restore: to, takeDown: 'removed' }[kind] });
      }
      return [id, outcome];
    });
  };
  const api = {
    waiting: async () => ({ held: board.held.length, removed: board.removed.length, posting: 'reviewed', mostPosting: 'open' }),
    list: async (which, after) => {
      const sign = which === 'held' ? 1 : -1;
      const all = board[which].toSorted((a, b) => (a.id > b.id ? sign : -sign)).filter(({ id }) => !after || (id !== after && (id > after ? 1 : -1) === sign));
      return { messages: all.slice(0, page), next: all.length > page ? all[page - 1].id : null };
    },
    refused: async () => [],
    removedPictures: async () => [],
    restorePicture: async (url) => void board.asked.push(['restorePicture', url]),
    decide: move,
    takeAllDown: (some) => move('takeDown', some),
    deleteForever: (some) => move('forever', some),
  };
  return { queue: new Queue({ api }), board };
}

const ids = ({ list }) => list.messages.map(({ id }) => id);

test('what was decided goes at once, and the next one is judged', async () => {
  const { queue, board } = queueOf({ held: ['A', 'B', 'C'] });
  await queue.refresh();
  queue.step(1);
  const { settled } = queue.act('reject', queue.judged);
  assert.deepEqual([ids(queue), queue.current.id, queue.counts.held], [['A', 'C'], 'C', 2]);
  await settled;
  assert.deepEqual(board.removed.map(({ id }) => id), ['B']);
  queue.act('approve', queue.judged);
  assert.equal(queue.current.id, 'A', 'after the last one it is the one before');
});

test('every act can be undone, the last one first', async () => {
  const { queue, board } = queueOf({ held: ['A', 'B'] });
  await queue.refresh();
  queue.act('approve', queue.judged);
  queue.act('reject', queue.judged);
  await queue.undo();
  await queue.undo();
  await queue.undo();
  assert.deepEqual(board.asked, [['approve', 'A'], ['reject', 'B'], ['restore', 'B'], ['takeDown', 'A']]);
  assert.deepEqual([ids(queue), queue.last], [['B'], null]);
  await queue.show('removed');
  queue.act('restore', queue.judged);
  await queue.undo();
  assert.deepEqual(board.asked.slice(4), [['restore', 'A'], ['takeDown', 'A']]);
});

test('a picture that was taken down on the board is restored by the same undo', async () => {
  const { queue, board } = queueOf({ held: ['A'] });
  await queue.refresh();
  queue.act('approve', queue.judged);
  queue.remember('takePictureDown', [{ id: '/images/a.png' }]);
  await queue.undo();
  await queue.undo();
  assert.deepEqual(board.asked, [['approve', 'A'], ['restorePicture', '/images/a.png'], ['takeDown', 'A']]);
});

test('what is undone while it is being done is undone after that', async () => {
  const { queue, board } = queueOf({ held: ['A'] });
  await queue.refresh();
  queue.act('reject', queue.judged);
  const undone = queue.undo();
  assert.equal(queue.last, null);
  await undone;
  assert.deepEqual(board.asked, [['reject', 'A'], ['restore', 'A']]);
  assert.deepEqual(ids(queue), ['A']);
});

test('what was not done comes back, and what others decided does not', async () => {
  const { queue } = queueOf({ held: ['A', 'B', 'C'] }, { answer: (outcome, id) => ({ A: 'failed', B: 'changed' })[id] ?? outcome });
  await queue.refresh();
  const heard = [];
  queue.addEventListener('settled', ({ detail }) => heard.push(detail.outcomes));
  await queue.chooseAll(true);
  const done = await queue.act('reject', queue.judged).settled;
  assert.deepEqual(heard, [['failed', 'changed', 'done']]);
  assert.deepEqual(done.map(({ id }) => id), ['C']);
  assert.ok(ids(queue).includes('A'));
  assert.equal(queue.list.problems.get('A'), 'failed');
});

test('where nothing was done there is nothing to undo, and it is said why', async () => {
  const { queue } = queueOf({ held: ['A'] }, { answer: () => { throw new Error('no connection'); } });
  await queue.refresh();
  const failures = [];
  queue.addEventListener('failed', ({ detail }) => failures.push(detail.message));
  await queue.act('approve', queue.judged).settled;
  assert.deepEqual([failures, ids(queue), queue.last], [['no connection'], ['A'], null]);
});

test('all are chosen, also those that were not loaded, and a row of them', async () => {
  const names = Array.from({ length: 120 }, (_, at) => String(at).padStart(3, '0'));
  const { queue, board } = queueOf({ held: names });
  await queue.refresh();
  assert.equal(queue.list.messages.length, 50);
  queue.choose('003', true);
  queue.choose('007', true, { isRange: true });
  assert.deepEqual(queue.chosen.map(({ id }) => id), ['003', '004', '005', '006', '007']);
  await queue.chooseAll(true);
  assert.equal(queue.chosen.length, 120);
  queue.choose('050', false);
  await queue.act('reject', queue.judged).settled;
  assert.deepEqual(board.held.map(({ id }) => id), ['050']);
  assert.deepEqual(ids(queue), ['050']);
});

test('looked at again, the one being judged stays, and what others decided goes', async () => {
  const { queue, board } = queueOf({ held: ['A', 'B', 'C'] });
  await queue.refresh();
  queue.step(1);
  queue.choose('A', true);
  board.held = [message('B'), message('C'), message('D')];
  await queue.refresh();
  assert.deepEqual([ids(queue), queue.current.id, queue.chosen], [['B', 'C', 'D'], 'B', []]);
  board.held = [message('C'), message('D')];
  await queue.refresh();
  assert.equal(queue.current.id, 'C');
});

test('what the board told before an act is of no account', async () => {
  const { queue } = queueOf({ held: ['A', 'B'] });
  await queue.refresh();
  const late = queue.refresh();
  queue.act('approve', queue.judged);
  await late;
  assert.deepEqual(ids(queue), ['B']);
});

test('of what the board refuses it is known that it was not done, and as many are told as there are', async () => {
  const { queue } = queueOf({ held: ['A', 'B', 'C'] }, { answer: () => { throw new ApiError({ status: 400 }); } });
  await queue.refresh();
  const heard = [];
  queue.addEventListener('settled', ({ detail }) => heard.push(detail.outcomes, queue.counts.held));
  await queue.act('reject', queue.judged).settled;
  assert.deepEqual([heard, ids(queue), queue.list.problems.size, queue.last], [[['refused'], 3], ['A', 'B', 'C'], 0, null]);
});

test('why something was not done is told until the board can be reached again', async () => {
  let isDown = true;
  const { queue } = queueOf({ held: ['A'] }, { answer: (outcome) => { if (isDown) throw new ApiError({ status: 503 }); return outcome; } });
  await queue.refresh();
  queue.addEventListener('failed', ({ detail }) => queue.fail(detail));
  await queue.act('reject', queue.judged).settled;
  assert.equal(queue.fault.status, 503);
  isDown = false;
  await queue.refresh();
  assert.equal(queue.fault, null);
});

test('another moderator finds nothing of the one before, whatever comes of it later', async () => {
  let answered;
  const { queue } = queueOf({ held: ['A', 'B'] }, { answer: () => { throw new ApiError({ status: 403, code: 'session-over' }); } });
  await queue.refresh();
  queue.remember('takeDown', [message('C')]);
  queue.choose('B', true);
  const { settled } = queue.act('reject', [message('A')]);
  for (const type of ['settled', 'failed']) queue.addEventListener(type, () => (answered = type));
  queue.clear();
  await settled;
  assert.deepEqual([ids(queue), queue.counts, queue.last, queue.chosen, queue.fault, answered], [[], null, null, [], null, undefined]);
});

test('what is on the board is taken down, also from a list that a cache tells as it was, and put back', async () => {
  const { queue, board } = queueOf({ posted: ['A', 'B', 'C'] });
  await queue.show('posted');
  assert.deepEqual([ids(queue), queue.countOf('posted')], [['C', 'B', 'A'], 3]);
  queue.choose('C', true);
  queue.choose('B', true);
  await queue.act('takeDown', queue.judged).settled;
  const before = board.posted;
  board.posted = [...before, message('B', 'posted'), message('C', 'posted')];
  await queue.refresh();
  assert.deepEqual(ids(queue), ['A']);
  board.posted = before;
  await queue.undo();
  assert.deepEqual([ids(queue), board.asked], [['C', 'B', 'A'], [['takeDown', 'C', 'B'], ['restore', 'C', 'B']]]);
});

test('of the board only what was loaded is chosen, and counted once all is', async () => {
  const { queue } = queueOf({ posted: ['A', 'B', 'C', 'D', 'E'] }, { page: 2 });
  await queue.show('posted');
  await queue.chooseAll(true);
  assert.deepEqual([queue.chosen.map(({ id }) => id), queue.countOf('posted')], [['E', 'D'], null]);
  await queue.more();
  await queue.more();
  assert.deepEqual([queue.chosen.length, queue.countOf('posted')], [2, 5]);
});
