// What is done where an element has another size, a frame later: by then it may change sizes itself, which nobody would be
// told of in the same frame.

export function onResize(element, change) {
  new ResizeObserver(() => requestAnimationFrame(change)).observe(element);
}
