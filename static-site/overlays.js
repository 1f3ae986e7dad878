// Dialogs that take the whole screen: each has an entry of its own in the history while it is open, so that Back closes
// it and the address stays as it was.

const stack = [];
let count = 0;
let afterwards = null;

/** Opens a dialog above those that are open. Where it is open already, those above it are closed. */
export function openOverlay(dialog) {
  const place = stack.findIndex((one) => one.dialog === dialog);
  if (place >= 0) return leave(place + 1);
  count += 1;
  // An entry of a page that was loaded before must not be taken for one of this page.
  const key = `${performance.timeOrigin} ${count}`;
  stack.push({ dialog, key });
  history.pushState({ overlay: key }, '');
  dialog.showModal();
  dialog.addEventListener('close', () => leave(stack.findIndex((one) => one.key === key)), { once: true });
}

/** Closes all dialogs, and goes on with `then` when the history is where it was before. */
export function leaveOverlays(then) {
  afterwards = then;
  leave(0);
}

/** Closes the dialogs from `place` on. Those that Back has closed are not in the stack, and have no entry any more. */
function leave(place) {
  if (place < 0 || place >= stack.length) return;
  const left = stack.splice(place);
  close(left);
  history.go(-left.length);
}

function close(overlays) {
  for (const { dialog } of overlays.reverse()) dialog.close();
}

window.addEventListener('popstate', ({ state }) => {
  close(stack.splice(stack.findIndex(({ key }) => key === state?.overlay) + 1));
  afterwards?.();
  afterwards = null;
});
// A reload while one was open: the page comes back without it.
if (history.state?.overlay) history.replaceState(null, '');
