// Menus that unfold (`<details>`): one goes when somebody goes on elsewhere, chooses in it, or presses Escape.

export function closeMenus(page) {
  // Before what was chosen takes the keyboard, so that it comes back to the menu.
  page.addEventListener('click', ({ target }) => {
    for (const menu of page.querySelectorAll('details[open]')) if (!menu.firstElementChild.contains(target)) close(menu);
  }, { capture: true });
  page.addEventListener('keydown', ({ key, target }) => {
    const menu = key === 'Escape' && target.closest?.('details[open]');
    if (menu) close(menu);
  });

  function close(menu) {
    if (menu.contains(page.activeElement)) menu.firstElementChild.focus();
    menu.open = false;
  }
}
