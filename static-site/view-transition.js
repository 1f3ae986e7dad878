// View transitions of pictures: a thumbnail grows into what it stands for, and back.

/** How long a transition waits for the picture, so that there is something to grow into. */
const PATIENCE_MS = 150;
const NAME = 'picture';
/** WebKitGTK without a graphics card ends the page in one. */
const CRASHES = /Linux(?!.*Chrome).*AppleWebKit/;

/** Lets the image `from` become the one that `to` answers after `change`, where the browser can; without `from` it only changes. */
export async function grow(from, to, change, { clock, document }) {
  const { navigator, getComputedStyle } = document.defaultView;
  if (!document.startViewTransition || !from || CRASHES.test(navigator.userAgent)) return change();
  /** Keeps the same part of a picture that is cut in view all the way. */
  const focusOn = (image) => {
    const { objectFit, objectPosition } = getComputedStyle(image);
    if (objectFit === 'cover') document.documentElement.style.setProperty('--focus', objectPosition);
  };
  focusOn(from);
  from.style.viewTransitionName = NAME;
  let grown = null;
  const transition = document.startViewTransition(async () => {
    from.style.viewTransitionName = '';
    change();
    grown = to();
    focusOn(grown);
    grown.style.viewTransitionName = NAME;
    await Promise.race([grown.decode().catch(() => {}), new Promise((resolve) => clock.setTimeout(resolve, PATIENCE_MS))]);
  });
  // Where the transition is skipped, the change is made all the same.
  transition.ready.catch(() => {});
  await transition.finished.catch(() => {});
  if (grown) grown.style.viewTransitionName = '';
}
