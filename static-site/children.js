// The children of a list in the order that is wanted.

/** Puts `child` at a place unless it is there: an element that is moved loses its focus, and its animations begin anew. */
export function placeAt(list, index, child) {
  if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
}
