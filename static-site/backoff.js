// Backoff: what failed only because the database is waking up is tried again after a pause.

/** How often a request is repeated at most. */
const RETRIES = 12;
/** The pause where the board names none in `Retry-After`, and the longest one whatever it names. */
const PAUSE_S = 5;
const LONGEST_PAUSE_S = 20;

/** Whether the error passes by itself within a minute or so. */
export function isWaking({ status, code }) {
  return status === 503 && (code === 'database-resuming' || code === 'database-unavailable');
}

export async function withBackoff(run, { clock, onWaiting = () => {}, signal = null }) {
  for (let retries = RETRIES; ; retries -= 1) {
    try {
      return await run();
    } catch (error) {
      if (!isWaking(error) || retries === 0) throw error;
      onWaiting(error);
      await pause(clock, 1_000 * Math.min(error.retryAfter ?? PAUSE_S, LONGEST_PAUSE_S), signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Resolves after `ms`, or as soon as the signal is aborted. */
export function pause(clock, ms, signal = null) {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, ms);
    void untilAborted(signal).then(() => {
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
