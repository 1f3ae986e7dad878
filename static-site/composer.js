// Writing a message: text, name, a picture with its description.

import { checkDraft, explainPost, size } from './problems.js';

/**
 * @param post sends a draft; answers the message or throws an `ApiError`
 * @param onPosted called with the new message
 * @param objectUrls `createObjectURL` and `revokeObjectURL`
 */
export function mountComposer(root, { post, onPosted, objectUrls }) {
  const find = (selector) => root.querySelector(selector);
  const form = find('form');
  const inputs = { text: form.elements.text, author: form.elements.author, alt: form.elements.alt };
  const file = find('.composer__file');
  const preview = find('.composer__preview');

  const state = {
    // Browsers may put back what was typed before a reload.
    draft: { text: inputs.text.value, author: inputs.author.value, alt: inputs.alt.value, picture: null },
    previewUrl: null,
    errors: {},
    sending: false,
    /** The answer of `/api/board`, once it is known. */
    board: null,
  };

  function update() {
    const { draft, errors, sending, board } = state;
    const closed = board?.posting === 'closed';
    form.hidden = closed;
    find('.composer__closed').hidden = !closed;

    for (const [field, input] of Object.entries(inputs)) {
      if (input.value !== draft[field]) input.value = draft[field];
      input.readOnly = sending;
    }
    for (const place of form.querySelectorAll('[data-error]')) {
      const field = place.dataset.error;
      const words = errors[field] ?? '';
      if (place.textContent !== words) place.textContent = words;
      (field === 'picture' ? file : inputs[field])?.setAttribute('aria-invalid', String(words !== ''));
    }

    const { picture } = draft;
    find('.composer__choose-text').textContent = picture ? 'Choose another' : 'Add a picture';
    find('.composer__chosen').hidden = !picture;
    find('.composer__description').hidden = !picture;
    find('.composer__file-name bdi').textContent = picture?.name ?? '';
    find('.composer__file-name .field__hint').textContent = picture ? size(picture.size) : '';
    if (state.previewUrl && preview.src !== state.previewUrl) preview.src = state.previewUrl;
    file.disabled = sending;
    find('.composer__remove').disabled = sending;

    // Not `disabled`, which would drop the keyboard focus.
    const button = find('.composer__post');
    button.setAttribute('aria-disabled', String(sending));
    button.textContent = sending ? 'Posting…' : 'Post';
  }

  function setPicture(picture) {
    if (state.previewUrl) objectUrls.revokeObjectURL(state.previewUrl);
    state.previewUrl = picture ? objectUrls.createObjectURL(picture) : null;
    state.draft.picture = picture;
    delete state.errors.picture;
    delete state.errors.form;
    if (!picture) {
      state.draft.alt = '';
      delete state.errors.alt;
    }
    update();
  }

  function fail(errors) {
    state.errors = errors;
    update();
    form.querySelector('[aria-invalid="true"]')?.focus();
  }

  async function submit() {
    if (state.sending) return;
    const draft = { ...state.draft };
    const faults = checkDraft(draft);
    if (Object.keys(faults).length > 0) return fail(faults);

    state.sending = true;
    state.errors = {};
    update();
    let message;
    try {
      message = await post(draft);
    } catch (error) {
      state.sending = false;
      return fail(explainPost(error, draft, state.board?.limits));
    }
    state.sending = false;
    state.draft.text = '';
    setPicture(null);
    onPosted(message);
  }

  for (const [field, input] of Object.entries(inputs)) {
    input.addEventListener('input', () => {
      state.draft[field] = input.value;
      delete state.errors[field];
      delete state.errors.form;
      update();
    });
  }
  file.addEventListener('change', () => {
    const [picture] = file.files;
    // So that the same file can be chosen again after it was removed.
    file.value = '';
    if (picture) setPicture(picture);
  });
  find('.composer__remove').addEventListener('click', () => {
    setPicture(null);
    file.focus();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });

  update();
  return {
    update,
    setBoard(board) {
      state.board = board;
      update();
    },
  };
}
