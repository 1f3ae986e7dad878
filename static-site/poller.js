// Repeats something while somebody is at the page: often while they do something, ever more rarely when
// they do not, and not at all where the page is out of sight or was left alone.

const OFTEN_MS = 5_000;
const RARELY_MS = 60_000;
const LEFT_ALONE_MS = 10 * 60_000;
const HURRIED_MS = 700;
const HURRIED_FOR_MS = 10_000;

/** The pause after `idleMs` without input: 5 s in the first half minute, 60 s after six. */
export function pauseFor(idleMs) {
  return Math.min(RARELY_MS, Math.max(OFTEN_MS, idleMs / 6));
}

export function createPoller({ run, activity, clock, onPaused = () => {} }) {
  let timer;
  let running = false;
  let paused = false;
  let ended = -Infinity;
  let hurriedUntil = -Infinity;

  async function tick() {
    clock.clearTimeout(timer);
    if (running || activity.isHidden()) return;
    setPaused(activity.idleMs() >= LEFT_ALONE_MS);
    if (paused) return;
    running = true;
    try {
      await run();
    } finally {
      running = false;
      ended = clock.now();
      schedule();
    }
  }

  function schedule() {
    clock.clearTimeout(timer);
    const pause = clock.now() < hurriedUntil ? HURRIED_MS : pauseFor(activity.idleMs());
    timer = clock.setTimeout(tick, Math.max(0, ended + pause - clock.now()));
  }

  function setPaused(now) {
    if (paused === now) return;
    paused = now;
    onPaused(paused);
  }

  // A pause that is long because nobody was there ends with the viewer's first input.
  activity.onInput(() => {
    if (running) return;
    if (activity.isHidden()) clock.clearTimeout(timer);
    else if (paused) void tick();
    else schedule();
  });

  return {
    /** Runs now, unless it is running already. */
    now: tick,
    /** Something is about to change: looks more often for the next few seconds. */
    hurry() {
      hurriedUntil = clock.now() + HURRIED_FOR_MS;
      if (!running) schedule();
    },
  };
}
