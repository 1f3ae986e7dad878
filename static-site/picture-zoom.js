// Enlarging a picture by fingers, wheel and double tap, moving it while it is enlarged, and pulling it down. Where a
// picture is larger than its stage, the browser itself scrolls it.

/** Two taps that are no further apart than this, in milliseconds and CSS pixels, are one double tap. */
const DOUBLE_TAP_MS = 400;
const DOUBLE_TAP_PX = 30;
/** By how much a picture has to be pulled down to be let go of, in CSS pixels. */
const PULLED_PX = 100;
/** A pointer that moves by less has not moved. */
const STILL_PX = 4;
/** How much any picture can be enlarged at least, however few pixels it has. */
const LEAST = 3;

/**
 * @param stage the element that scrolls `image`
 * @param pixels answers how many pixels the picture has across
 * @param isRead whether the wheel reads along the picture, and does not enlarge it
 * @param onChange the picture is shown in another size
 * @param onPull a picture is pulled down, by so many CSS pixels; `isEnd` when it is let go of
 * @param onBeside somebody taps beside the picture
 */
export function createZoom(stage, image, { pixels, isRead, onChange, onPull, onBeside }) {
  let zoom = 1;
  let tapped = null;
  let hasMoved = false;

  /** Up to where each pixel of the picture is one of CSS, which may be several of the screen. */
  const most = () => Math.max(LEAST, pixels() / (image.clientWidth / zoom));

  /** Where in the picture a point of the screen is, from 0 to 1. */
  function placeOf({ clientX, clientY }) {
    const { left, top, width, height } = image.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  /** Shows it `wanted` times as large, with `place` of it under the point. */
  function set(wanted, point = centre(), place = placeOf(point)) {
    // A picture that did not load has no size.
    if (image.clientWidth === 0) return;
    const next = Math.max(1, Math.min(wanted, most()));
    if (next !== zoom) {
      zoom = next;
      stage.style.setProperty('--zoom', zoom);
      stage.classList.toggle('is-enlarged', zoom > 1);
    }
    const { left, top, width, height } = image.getBoundingClientRect();
    stage.scrollBy({ left: left + place.x * width - point.clientX, top: top + place.y * height - point.clientY, behavior: 'instant' });
    onChange();
  }

  function centre() {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { clientX: left + width / 2, clientY: top + height / 2 };
  }

  /** Where the screen shows each pixel of the picture by one of its own, or twice as large. */
  const toggle = (point) => set(zoom > 1 ? 1 : Math.max(2, pixels() / (image.clientWidth * window.devicePixelRatio)), point);

  stage.addEventListener('click', (event) => {
    if (hasMoved) return;
    const isSecond = tapped && event.timeStamp - tapped.timeStamp < DOUBLE_TAP_MS && distance(event, tapped) < DOUBLE_TAP_PX;
    tapped = isSecond ? null : event;
    if (isSecond) toggle(event);
    else if (event.target === stage) onBeside();
  });

  stage.addEventListener('wheel', (event) => {
    const { deltaX, deltaY, deltaMode, ctrlKey } = event;
    // Two fingers on a touchpad come as a wheel with Control.
    if (!ctrlKey && (isRead() || Math.abs(deltaX) > Math.abs(deltaY))) return;
    event.preventDefault();
    set(zoom * Math.exp((-deltaY * (deltaMode === 0 ? 1 : 30)) / (ctrlKey ? 100 : 400)), event);
  }, { passive: false });

  listenToMouse();
  listenToTouch();

  function listenToMouse() {
    let from = null;
    stage.addEventListener('pointerdown', ({ pointerType, button, clientX, clientY }) => {
      hasMoved = false;
      if (pointerType === 'mouse' && button === 0) from = { clientX, clientY };
    });
    stage.addEventListener('pointermove', (event) => {
      if (!from || (!hasMoved && distance(event, from) < STILL_PX)) return;
      if (!hasMoved) stage.setPointerCapture(event.pointerId);
      hasMoved = true;
      stage.scrollBy({ left: from.clientX - event.clientX, top: from.clientY - event.clientY, behavior: 'instant' });
      from = event;
    });
    for (const type of ['pointerup', 'pointercancel']) stage.addEventListener(type, () => (from = null));
  }

  function listenToTouch() {
    let pinch = null;
    let pull = null;

    stage.addEventListener('touchstart', (event) => {
      const [first, second] = event.touches;
      if (pull?.isOn) onPull(0, { isEnd: true });
      pull = second || zoom > 1 || stage.scrollTop > 0 ? null : { from: first, by: 0, isOn: false };
      if (!second) return;
      event.preventDefault();
      pinch = { apart: distance(first, second), zoom, place: placeOf(between(first, second)) };
    }, { passive: false });

    stage.addEventListener('touchmove', (event) => {
      const [first, second] = event.touches;
      if (pinch && second) {
        event.preventDefault();
        set((pinch.zoom * distance(first, second)) / pinch.apart, between(first, second), pinch.place);
      }
      if (!pull || second) return;
      const [across, down] = [Math.abs(first.clientX - pull.from.clientX), first.clientY - pull.from.clientY];
      // The first movement decides whether it is a pull.
      if (!pull.isOn && (down <= across || !event.cancelable)) {
        pull = null;
        return;
      }
      event.preventDefault();
      Object.assign(pull, { isOn: true, by: Math.max(0, down) });
      onPull(pull.by, { isEnd: false });
    }, { passive: false });

    for (const type of ['touchend', 'touchcancel']) {
      stage.addEventListener(type, ({ touches }) => {
        if (touches.length < 2) pinch = null;
        if (pull?.isOn) onPull(type === 'touchend' && pull.by > PULLED_PX ? pull.by : 0, { isEnd: true });
        pull = null;
      });
    }
  }

  return {
    get isEnlarged() {
      return zoom > 1;
    },
    by: (factor) => set(zoom * factor),
    reset: () => zoom > 1 && set(1),
  };
}

const distance = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
const between = (one, other) => ({ clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 });
