// Where the picture of a message is chosen, photographed, dropped or pasted, previewed and taken back.

import { fileOf } from './picture-file.js';
import { put } from './words.js';

export function mountPictureField(root, { choice, words, announce, objectUrls, page }) {
  const find = (selector) => root.querySelector(selector);
  const inputs = [find('.picture-field__file'), find('.picture-field__camera')];
  let dragged = false;
  // Over all of the page, dialogs included.
  const target = Object.assign(page.createElement('p'), { className: 'picture-field__drop', popover: 'manual' });
  target.setAttribute('aria-hidden', 'true');
  page.body.append(target);
  /** The picture in the preview, and the URL made for it. */
  let previewed = null;
  let previewUrl = null;

  function update() {
    const { name, picture, note, preparing, problem, sending, isLacking } = choice;
    put(target, words.say('compose.drop'));
    target.togglePopover(dragged);
    root.classList.toggle('is-lacking', isLacking);
    find('.picture-field__add').textContent = words.say(name === null ? 'compose.add' : 'compose.another');
    find('.picture-field__chosen').hidden = name === null;
    put(find('.picture-field__name bdi'), name ?? '');
    const about = preparing ? [['compose.preparing']] : note;
    put(find('.picture-field__note'), words.sayAll(about) || (picture ? words.size(picture.size) : ''));
    if (picture !== previewed) preview(picture);
    put(find('#composer-picture-error'), words.sayAll(isLacking ? [...problem, ['picture.lacking']] : problem));
    inputs[0].setAttribute('aria-invalid', String(problem.length > 0));
    for (const input of inputs) input.disabled = sending;
    find('.picture-field__remove').disabled = sending;
  }

  function preview(picture) {
    if (previewUrl) objectUrls.revokeObjectURL(previewUrl);
    previewUrl = picture && objectUrls.createObjectURL(fileOf(picture));
    previewed = picture;
    if (picture) find('.picture-field__preview').src = previewUrl;
    else find('.picture-field__preview').removeAttribute('src');
  }

  choice.addEventListener('prepared', () => announce([['compose.added']]));
  for (const input of inputs) {
    input.addEventListener('change', () => {
      const [file] = input.files;
      // The input is emptied, so that the same file can be chosen again after it was removed.
      input.value = '';
      if (file) choice.take(file);
    });
  }
  find('.picture-field__remove').addEventListener('click', () => {
    choice.takeBack();
    inputs[0].focus();
  });
  return {
    update,
    /** Shows whether files are being dragged over the page. */
    setDragged(isOver) {
      if (isOver === dragged) return;
      dragged = isOver;
      update();
    },
    /** Takes what was dropped or pasted. */
    take({ files, folder }) {
      if (files.length > 0) choice.take(files[0]);
      else if (folder !== null) choice.miss(folder, [['picture.folder']]);
      // Some programs say that they give a file and give none, as with what is attached to a mail.
      else choice.miss('', [['picture.nothing']]);
      if (files.length > 1) choice.refuse([['picture.several']]);
      inputs[0].focus();
    },
  };
}
