// User activity: how long ago somebody last did something at the page. The pollers slow down by that.

const INPUTS = ['click', 'pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'];

export function createActivity({ page, clock }) {
  let last = clock.now();
  const listeners = [];

  function noticed() {
    last = clock.now();
    for (const listener of listeners) listener();
  }

  for (const type of INPUTS) page.addEventListener(type, noticed, { passive: true, capture: true });
  page.addEventListener('visibilitychange', noticed);

  return {
    idleMs: () => clock.now() - last,
    isHidden: () => page.visibilityState === 'hidden',
    /** Calls `listener` whenever the viewer does something, coming back to the page included. */
    onInput: (listener) => listeners.push(listener),
  };
}
