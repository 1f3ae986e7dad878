// The children of a list in the order that is wanted.

/** What is in its place is not touched: whatever is moved loses its focus, and what moves in it begins anew. */
export function placeAt(list, index, child) {
  if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
}
