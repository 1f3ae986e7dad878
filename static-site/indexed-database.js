// IndexedDB's requests as promises.

/**
 * A database of the device with these stores, each of which knows its entries by `keyPath`.
 * @param indexedDB answers the `IDBFactory`; a browser that refuses one may throw already when it is named
 */
export async function openDatabase(indexedDB, name, stores, keyPath) {
  const opening = indexedDB().open(name, 1);
  opening.addEventListener('upgradeneeded', () => {
    for (const store of stores) opening.result.createObjectStore(store, { keyPath });
  });
  return asked(opening);
}

/** A promise of what a request is answered. */
export function asked(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
