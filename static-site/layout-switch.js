// The switch between the wall, where many messages are seen at once, and the list, where they are read one by one.

import { emit } from './events.js';

/** Where nothing was chosen, a wide screen begins with the wall and a narrow one with the list. */
const WIDE = '(min-width: 600px)';

/** Emits `layout-changed`. What is chosen stays so on this device. */
export function mountLayoutSwitch(root, { storage, window }) {
  const wide = window.matchMedia(WIDE);
  const buttons = [...root.querySelectorAll('button')];
  const current = () => storage.get('layout') ?? (wide.matches ? 'wall' : 'list');
  let shown = current();

  function update() {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.value === shown));
  }

  function change() {
    if (shown === current()) return;
    shown = current();
    update();
    emit(root, 'layout-changed');
  }

  for (const button of buttons) {
    button.addEventListener('click', () => {
      storage.set('layout', button.value);
      change();
      // A narrow screen has room for one button alone, the one of the other layout, which gets the focus.
      if (button.offsetWidth === 0) buttons.find((other) => other !== button).focus();
    });
  }
  wide.addEventListener('change', change);

  update();
  return {
    /** `wall` or `list`. */
    get layout() {
      return shown;
    },
  };
}
