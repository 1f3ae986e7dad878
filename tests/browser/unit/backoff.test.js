import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../static-site/api.js';
import { withBackoff } from '../../../static-site/backoff.js';

const resuming = (retryAfter = 5) => new ApiError({ status: 503, code: 'database-resuming', retryAfter });

/** Runs with these failures first; time passes at once. */
async function run(failures, options = {}) {
  const waited = [];
  const clock = {
    setTimeout: (action, ms) => {
      waited.push(ms);
      setImmediate(action);
    },
    clearTimeout() {},
  };
  const result = withBackoff(
    async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return 'done';
    },
    { clock, ...options },
  );
  return { result: await result.catch((error) => error), waited };
}

test('a database that wakes up is waited for, as long as the board says', async () => {
  const { result, waited } = await run([resuming(7), new ApiError({ status: 503, code: 'database-unavailable' })]);
  assert.equal(result, 'done');
  assert.deepEqual(waited, [7_000, 5_000]);
});

test('no single pause is longer than 20 s, whatever the board says', async () => {
  assert.deepEqual((await run([resuming(3_600)])).waited, [20_000]);
});

test('anything else fails at once', async () => {
  for (const error of [new ApiError({ status: 0 }), new ApiError({ status: 503 }), new ApiError({ status: 429, retryAfter: 1 })]) {
    const { result, waited } = await run([error]);
    assert.equal(result, error);
    assert.deepEqual(waited, []);
  }
});

test('backoff ends after twelve retries', async () => {
  const failures = Array.from({ length: 100 }, () => resuming());
  const { result, waited } = await run(failures);
  assert.equal(result.code, 'database-resuming');
  assert.equal(waited.length, 12);
});

test('the viewer can stop the waiting', async () => {
  const controller = new AbortController();
  const clock = { setTimeout() {}, clearTimeout() {} };
  const failing = withBackoff(async () => Promise.reject(resuming()), {
    clock,
    signal: controller.signal,
    onWaiting: () => setImmediate(() => controller.abort()),
  });
  await assert.rejects(failing, ApiError);
});
