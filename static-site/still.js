// What moves, held still: its beginning is drawn over it for as long as it is not to move. Its small version is that
// beginning alone; but where there is none, or its address leads to the original, what came moves by itself.

/** As style.css has it, in CSS pixels. */
const LOWEST_FRAME = 44;

const motions = new WeakMap();
const covers = new WeakMap();
/** The address of the original that each image waits for. */
const coming = new WeakMap();

/** Lets what `image` shows move, or holds it still; `null` where it shows nothing that moves. */
export function setMotion(image, moving) {
  // It may show another picture than before.
  if (moving) void enlarge(image);
  if ((motions.get(image) ?? null) === moving) return;
  motions.set(image, moving);
  if (!covers.has(image)) covers.set(image, createCover(image));
  covers.get(image)();
}

/** Holds `image` still but while the pointer or the keyboard is on `frame`. */
export function holdStill(image, frame, { reducedMotion }) {
  let isPointedAt = false;
  const update = () => setMotion(image, !reducedMotion && (isPointedAt || frame.matches(':focus-visible')));
  for (const type of ['pointerenter', 'pointerleave', 'focus', 'blur']) {
    frame.addEventListener(type, ({ pointerType }) => {
      // A finger opens it, and is not on it any more then.
      if (pointerType) isPointedAt = type === 'pointerenter' && pointerType !== 'touch';
      update();
    });
  }
  isPointedAt = frame.matches(':hover') && window.matchMedia('(hover: hover)').matches;
  update();
}

/**
 * Shows the original instead of a small version, without a moment in which there is nothing to see, if that is still
 * wanted when it has come.
 */
export async function enlarge(image, isWanted = () => true) {
  const { src } = image;
  if (!image.hasAttribute('srcset') || coming.get(image) === src) return;
  coming.set(image, src);
  const apart = new Image();
  apart.src = src;
  const hasCome = await apart.decode().then(() => true, () => false);
  if (coming.get(image) === src) coming.delete(image);
  if (hasCome && image.src === src && isWanted()) image.removeAttribute('srcset');
}

function createCover(image) {
  const canvas = document.createElement('canvas');
  canvas.className = 'still';
  canvas.setAttribute('aria-hidden', 'true');
  /** Which version the canvas shows. */
  let drawn = '';

  function draw() {
    drawn = image.currentSrc;
    const { clientWidth, clientHeight, naturalWidth, naturalHeight } = image;
    const ratio = naturalWidth / naturalHeight;
    const height = Math.min(clientHeight, clientWidth / ratio);
    // What is lower than its frame is not to be scaled up in it.
    const scale = height < LOWEST_FRAME ? 1 : window.devicePixelRatio;
    canvas.width = Math.max(1, Math.ceil(height * ratio * scale));
    canvas.height = Math.max(1, Math.ceil(height * scale));
    // Of what moves, a canvas gets the first frame.
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  }

  function update() {
    const moving = motions.get(image);
    const isThere = image.complete && image.naturalWidth > 0;
    const isBroken = image.complete && image.naturalWidth === 0;
    if (moving === null || isBroken || (moving && isThere && !image.hasAttribute('srcset'))) {
      canvas.remove();
    } else if (isThere) {
      if (drawn !== image.currentSrc) draw();
      image.after(canvas);
    }
    // Not seen, but heard.
    image.classList.toggle('is-covered', canvas.isConnected);
  }

  for (const type of ['load', 'error']) image.addEventListener(type, update);
  return update;
}
