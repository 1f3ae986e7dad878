// What is done where elements have another size, a frame later: by then it may change sizes itself, which nobody would be
// told of in the same frame.

/** An observer that tells `change` of the elements whose size is another one. */
export const resizeObserver = (change) => new ResizeObserver((entries) => requestAnimationFrame(() => change(entries.map(({ target }) => target))));

export function onResize(element, change) {
  resizeObserver(() => change()).observe(element);
}
