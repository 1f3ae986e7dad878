import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createActivity } from '../../../static-site/activity.js';
import { createPoller, pauseFor } from '../../../static-site/poller.js';

/** A page and a clock that stand still until they are told. */
function stage() {
  const page = new EventTarget();
  page.visibilityState = 'visible';
  let time = 0;
  let pending = null;
  const clock = {
    now: () => time,
    setTimeout: (action, ms) => (pending = { action, at: time + ms }),
    clearTimeout: (timer) => {
      if (timer === pending) pending = null;
    },
  };
  const runs = [];
  const paused = [];
  const poller = createPoller({
    run: async () => runs.push(time),
    activity: createActivity({ page, clock }),
    clock,
    onPaused: (now) => paused.push(now),
  });
  return {
    page,
    poller,
    runs,
    paused,
    wait: () => (pending ? pending.at - time : null),
    /** Lets `ms` pass, and all happen that falls into them. */
    async pass(ms) {
      const end = time + ms;
      while (pending && pending.at <= end) {
        time = pending.at;
        const { action } = pending;
        pending = null;
        await action();
      }
      time = end;
    },
    async input(type = 'pointermove') {
      page.dispatchEvent(new Event(type));
      await new Promise(setImmediate);
    },
    async show(state) {
      page.visibilityState = state;
      page.dispatchEvent(new Event('visibilitychange'));
      await new Promise(setImmediate);
    },
  };
}

test('it runs at once and then every five seconds while the page is used', async () => {
  const it = stage();
  await it.poller.now();
  for (let second = 0; second < 60; second += 1) {
    await it.pass(1_000);
    await it.input('wheel');
  }
  assert.deepEqual(it.runs, Array.from({ length: 13 }, (_, number) => number * 5_000));
});

test('without input the pauses grow from 5 s to 60 s', () => {
  assert.equal(pauseFor(0), 5_000);
  assert.equal(pauseFor(30_000), 5_000);
  assert.equal(pauseFor(120_000), 20_000);
  assert.equal(pauseFor(360_000), 60_000);
  assert.equal(pauseFor(3_600_000), 60_000);
});

test('a page left alone for ten minutes is asked no more, until somebody does something', async () => {
  const it = stage();
  await it.poller.now();
  await it.pass(24 * 3_600_000);
  assert.ok(it.runs.at(-1) < 600_000, `the last request came after ${it.runs.at(-1)} ms`);
  assert.ok(it.runs.length < 35, `${it.runs.length} requests in a day`);
  assert.deepEqual(it.paused, [true]);
  assert.equal(it.wait(), null);

  const before = it.runs.length;
  await it.input('keydown');
  assert.equal(it.runs.length, before + 1);
  assert.deepEqual(it.paused, [true, false]);
  assert.equal(it.wait(), 5_000);
});

test('the first input after a while ends a long pause', async () => {
  const it = stage();
  await it.poller.now();
  await it.pass(400_000);
  assert.ok(it.wait() > 5_000);
  const before = it.runs.length;
  await it.input();
  await it.pass(5_000);
  assert.ok(it.runs.length > before);
});

test('a hidden page asks for nothing, and again when it is seen', async () => {
  const it = stage();
  await it.poller.now();
  await it.show('hidden');
  await it.pass(3_600_000);
  assert.equal(it.runs.length, 1);
  await it.show('visible');
  await it.pass(0);
  assert.equal(it.runs.length, 2);
  assert.equal(it.wait(), 5_000);
});

test('it never runs twice at a time', async () => {
  const it = stage();
  await Promise.all([it.poller.now(), it.poller.now()]);
  assert.equal(it.runs.length, 1);
});

test('hurried, it looks more often for a while and then as before', async () => {
  const it = stage();
  await it.poller.now();
  it.poller.hurry();
  await it.pass(9_000);
  assert.ok(it.runs.length >= 10, `${it.runs.length} looks in nine seconds`);
  await it.pass(3_000);
  assert.equal(it.wait() > 700, true);
});
