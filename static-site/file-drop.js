// Files that are dropped or pasted anywhere on the page.

/**
 * @param isClosed whether nothing can be taken now
 * @param onDrag is told whether files are being dragged over the page
 * @param onFiles gets `{ files, folder }` as `filesOf` answers them
 */
export function listenForFiles(page, { isClosed, onDrag, onFiles }) {
  const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  const take = (transfer) => isClosed() || onFiles(filesOf(transfer));

  page.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    // Without this the browser would leave the page and show the file.
    event.preventDefault();
    if (isClosed()) event.dataTransfer.dropEffect = 'none';
    else onDrag(true);
  });
  page.addEventListener('dragleave', (event) => event.relatedTarget === null && onDrag(false));
  page.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    onDrag(false);
    take(event.dataTransfer);
  });
  page.addEventListener('paste', (event) => {
    const { files, types } = event.clipboardData;
    // Word processors put a picture of the text beside the text: then the text is meant.
    if (files.length === 0 || types.includes('text/plain')) return;
    event.preventDefault();
    take(event.clipboardData);
  });
}

/** `{ files, folder }`: the pictures, or where there are none all files, and the name of a folder among them, or null. */
function filesOf({ items }) {
  const given = [...items].filter(({ kind }) => kind === 'file').map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry?.() }));
  const files = given.filter(({ file, entry }) => file && !entry?.isDirectory).map(({ file }) => file);
  // Where other files lie beside pictures, the pictures are meant.
  const pictures = files.filter(({ type }) => type.startsWith('image/'));
  const folder = given.find(({ entry }) => entry?.isDirectory)?.entry.name ?? null;
  return { files: pictures.length > 0 ? pictures : files, folder };
}
