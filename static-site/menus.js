// Menus that unfold (`<details class="message__menu">`): one goes when somebody goes on elsewhere, chooses in it, or presses Escape.

const OPEN = '.message__menu[open]';

export function closeMenus(page) {
  // The menu is closed before what was chosen takes the keyboard focus, so that the focus comes back to the menu.
  page.addEventListener('click', ({ target }) => {
    for (const menu of page.querySelectorAll(OPEN)) if (!menu.firstElementChild.contains(target)) close(menu);
  }, { capture: true });
  page.addEventListener('keydown', ({ key, target }) => {
    const menu = key === 'Escape' && target.closest?.(OPEN);
    if (menu) close(menu);
  });

  function close(menu) {
    if (menu.contains(page.activeElement)) menu.firstElementChild.focus();
    menu.open = false;
  }
}
