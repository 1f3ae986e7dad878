// What can wait until the browser has shown what is there.

/** Calls `go` after the next frame, in a task of its own: what the browser does in a frame is long enough. */
export function afterFrame(go, { clock, window }) {
  window.requestAnimationFrame(() => clock.setTimeout(go, 0));
}
