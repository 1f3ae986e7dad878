// Asks before something that cannot be undone.

/** Answers a function that puts a question to the viewer; its promise is whether to go on. */
export function mountConfirmation(dialog) {
  return (question, yes) => {
    dialog.querySelector('.confirmation__question').textContent = question;
    dialog.querySelector('.confirmation__yes').textContent = yes;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    });
  };
}
