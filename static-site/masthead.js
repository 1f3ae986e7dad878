// The board's name, at the head of the page and in the browser's own.

export function mountMasthead(root, { storage, page }) {
  const heading = root.querySelector('.masthead__name');
  let name = storage.get('board-name');

  function update() {
    if (name === null) return;
    heading.firstElementChild.textContent = name;
    // Chinese characters are twice as wide.
    heading.classList.toggle('is-long', name.replace(/[^\x00-\u2e7f]/g, 'xx').length > 20);
    heading.classList.remove('is-unknown');
    page.title = name;
  }

  update();
  return {
    /** @param board what the board tells of itself, or null where it could not be asked */
    setBoard(board) {
      name = board?.name ?? name ?? 'Corkboard';
      if (board) storage.set('board-name', name);
      update();
    },
  };
}
