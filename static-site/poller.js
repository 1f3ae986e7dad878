// Repeats something while the page is visible.

/**
 * @param run what to repeat; it handles its own failures
 * @param everyMs the pause between the end of one run and the start of the next
 * @param clock `setTimeout` and `clearTimeout`
 * @param page the document, for its visibility
 */
export function createPoller({ run, everyMs, clock, page }) {
  const HURRIED_MS = 700;
  let timer;
  let running = false;
  let hurried = 0;

  async function tick() {
    clock.clearTimeout(timer);
    if (running || page.visibilityState === 'hidden') return;
    running = true;
    try {
      await run();
    } finally {
      running = false;
      schedule();
    }
  }

  function schedule() {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(tick, hurried-- > 0 ? HURRIED_MS : everyMs);
  }

  page.addEventListener('visibilitychange', tick);

  return {
    /** Runs now, unless it is running already. */
    now: tick,
    /** Something is about to change: looks more often for the next few seconds. */
    hurry() {
      hurried = 15;
      if (!running) schedule();
    },
  };
}
