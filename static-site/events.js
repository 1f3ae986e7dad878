// How components speak to each other: what happened goes up as an event that bubbles through the document, and what
// is to be shown comes down through `update()`. So no component needs to hold another one.

/** Whether a click on a link asks for a tab or a window of its own: then the browser follows it, and not the page. */
export const isForAnotherTab = ({ ctrlKey, metaKey, shiftKey }) => ctrlKey || metaKey || shiftKey;

export function emit(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
}
