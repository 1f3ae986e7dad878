// Moderating: `#moderate` asks for the moderator token, which is kept for the life of the tab.

const ADDRESS = '#moderate';

export function mountModeration({ bar, dialog, device, onChange, window }) {
  const form = dialog.querySelector('form');
  const { token } = form.elements;

  function update() {
    bar.hidden = device.get('moderator-token') === null;
  }

  function ask() {
    if (window.location.hash !== ADDRESS) return;
    // So that it can be asked for again, and a reload does not ask.
    window.history.replaceState(null, '', window.location.pathname + window.location.search);
    token.value = '';
    dialog.showModal();
  }

  form.addEventListener('submit', () => {
    const entered = token.value.trim();
    // The page needs it no longer; nothing that offers to remember it shall see it.
    token.value = '';
    if (!entered) return;
    device.set('moderator-token', entered);
    update();
    onChange();
  });
  dialog.querySelector('.moderation__cancel').addEventListener('click', () => dialog.close());
  bar.querySelector('button').addEventListener('click', () => {
    device.drop('moderator-token');
    update();
    onChange();
  });
  window.addEventListener('hashchange', ask);

  update();
  ask();
  return {
    get token() {
      return device.get('moderator-token');
    },
  };
}
