// How components speak to each other: what happened goes up as an event that bubbles through the document, and what
// is to be shown comes down through `update()`. So no component needs to hold another one.

export function emit(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
}
