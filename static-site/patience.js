// Waits out a database that is waking up: what failed for that reason alone is tried again.

const TRIES = 12;
const PAUSE_S = 5;

/** Whether it passes by itself within a minute or so. */
export function isWaking({ status, code }) {
  return status === 503 && (code === 'database-resuming' || code === 'database-unavailable');
}

export async function withPatience(run, { clock, onWaiting = () => {}, signal = null }) {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await run();
    } catch (error) {
      if (!isWaking(error) || left === 0) throw error;
      onWaiting(error);
      await pause(clock, 1_000 * Math.min(error.retryAfter ?? PAUSE_S, 4 * PAUSE_S), signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Done after `ms`, or as soon as the signal is aborted. */
export function pause(clock, ms, signal = null) {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, ms);
    untilAborted(signal).then(() => {
      clock.clearTimeout(timer);
      resolve();
    });
  });
}

export function untilAborted(signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', resolve, { once: true });
  });
}
