// What can wait until the browser has shown what is there.

/** How long the first picture is waited for. */
const PATIENCE_MS = 1000;
/** A promise that is settled once the first picture is there, or was waited for long enough. */
let firstPicture = null;

/** Calls `go` after a frame once the picture is decoded that is asked for before all others: it is the largest thing on the screen. */
export function afterFirstPicture(go, { clock, window }) {
  firstPicture ??= Promise.race([
    window.document.querySelector('[fetchpriority="high"]')?.decode().catch(() => {}),
    new Promise((resolve) => clock.setTimeout(resolve, PATIENCE_MS)),
  ]);
  void firstPicture.then(() => afterFrame(go, { clock, window }));
}

/** Calls `go` after the next frame, in a task of its own: what the browser does in a frame is long enough. */
function afterFrame(go, { clock, window }) {
  window.requestAnimationFrame(() => clock.setTimeout(go, 0));
}
