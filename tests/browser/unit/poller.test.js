import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPoller } from '../../../static-site/poller.js';

/** A page and a clock that stand still until they are told. */
function stage() {
  const page = new EventTarget();
  page.visibilityState = 'visible';
  let pending = null;
  const clock = {
    setTimeout: (action, ms) => (pending = { action, ms }),
    clearTimeout: (timer) => {
      if (timer === pending) pending = null;
    },
  };
  let runs = 0;
  const poller = createPoller({ run: async () => (runs += 1), everyMs: 5_000, clock, page });
  return {
    page,
    poller,
    runs: () => runs,
    wait: () => pending?.ms ?? null,
    async elapse() {
      await pending.action();
    },
    show(state) {
      page.visibilityState = state;
      page.dispatchEvent(new Event('visibilitychange'));
      return new Promise(setImmediate);
    },
  };
}

test('it runs at once and then again after each pause', async () => {
  const it = stage();
  await it.poller.now();
  assert.equal(it.runs(), 1);
  assert.equal(it.wait(), 5_000);
  await it.elapse();
  assert.equal(it.runs(), 2);
  assert.equal(it.wait(), 5_000);
});

test('a hidden page asks for nothing, and asks at once when it is seen again', async () => {
  const it = stage();
  await it.poller.now();
  await it.show('hidden');
  assert.equal(it.wait(), null);
  assert.equal(it.runs(), 1);
  await it.show('visible');
  assert.equal(it.runs(), 2);
  assert.equal(it.wait(), 5_000);
});

test('it never runs twice at a time', async () => {
  const it = stage();
  await Promise.all([it.poller.now(), it.poller.now()]);
  assert.equal(it.runs(), 1);
});

test('hurried, it looks more often for a while and then as before', async () => {
  const it = stage();
  await it.poller.now();
  it.poller.hurry();
  let quick = 0;
  while (it.wait() < 5_000) {
    quick += 1;
    await it.elapse();
  }
  assert.ok(quick * 700 >= 5_000 && quick < 50, `${quick} quick looks`);
});
