// The keys of the picture dialog.

const STEP_PX = 60;
const FACTOR = 1.5;

/**
 * @param page answers the page that is shown
 * @param go goes to the picture at a place; `last` answers the last one's
 * @param step goes to the next picture (1), or the one before (-1)
 */
export function listenToKeys(dialog, { page, go, last, step, words }) {
  const enlarge = (factor) => () => page().zoom.by(factor);
  // Each answers whether it leaves the key to the browser, which scrolls the stage where that has the keyboard.
  const keys = {
    '+': enlarge(FACTOR),
    '=': enlarge(FACTOR),
    '-': enlarge(1 / FACTOR),
    0: () => page().zoom.reset(),
    // A long picture has a beginning and an end of its own.
    Home: (isStage) => isStage || go(0),
    End: (isStage) => isStage || go(last()),
    ArrowLeft: (isStage) => across(-1, isStage),
    ArrowRight: (isStage) => across(1, isStage),
    ArrowUp: (isStage) => isStage || page().stage.scrollBy({ top: -STEP_PX }),
    ArrowDown: (isStage) => isStage || page().stage.scrollBy({ top: STEP_PX }),
  };

  /** Where the picture goes on, the keys go along it first. */
  function across(by, isStage) {
    const { stage, goesOn } = page();
    if (!goesOn(by)) step(words.direction === 'rtl' ? -by : by);
    else if (isStage) return true;
    else stage.scrollBy({ left: by * STEP_PX });
    return false;
  }

  dialog.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const isHere = page() && !altKey && !ctrlKey && !metaKey && Object.hasOwn(keys, key);
    if (isHere && keys[key](target === page().stage) !== true) event.preventDefault();
  });
}
