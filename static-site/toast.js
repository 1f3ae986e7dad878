// A sentence that is seen and heard for a moment, above whatever is open.

const SHOWN_FOR_MS = 5_000;

let shown = null;

/** Says `sentence`; nothing where it is empty. */
export function toast(sentence, { clock, document }) {
  if (!sentence) return;
  shown?.remove();
  const element = document.createElement('p');
  element.className = 'toast';
  element.setAttribute('role', 'status');
  element.popover = 'manual';
  shown = element;
  // The toast goes into the open dialog, since screen readers say nothing that is outside it.
  ([...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body).append(element);
  element.showPopover();
  element.textContent = sentence;
  clock.setTimeout(() => element.remove(), SHOWN_FOR_MS);
}
