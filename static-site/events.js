// How components speak to each other: what happened goes up as an event that bubbles through the document, and what
// is to be shown comes down through `update()`. So no component needs to hold another one.

/** A click on a link that asks for a tab or a window of its own: the browser's, and not the page's. */
export const isForAnotherTab = ({ ctrlKey, metaKey, shiftKey }) => ctrlKey || metaKey || shiftKey;

export function emit(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
}
