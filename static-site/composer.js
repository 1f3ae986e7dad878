// Where a message is written: shows what is being written and what becomes of it.

import { emit } from './events.js';
import { countCharacters, normalize } from './input-normalization.js';
import { mountPictureField } from './picture-field.js';
import { put } from './words.js';

/** From here on the viewer is told how many characters are left. */
const NEAR_THE_LIMIT = 0.9;

/** Emits `message-posted`. */
export function mountComposer(root, { composition, submission, words, announce, page, objectUrls }) {
  const find = (selector) => root.querySelector(selector);
  const form = find('form');
  const inputs = { text: form.elements.text, author: form.elements.author, alt: form.elements.alt };
  const { choice } = composition;
  const pictureField = mountPictureField(find('.picture-field'), { choice, words, announce, objectUrls, page });
  /** Whether somebody has begun to write. */
  let open = false;

  function update() {
    const { draft, errors, board } = composition;
    const closed = board?.posting === 'closed';
    form.hidden = closed;
    find('.composer__closed').hidden = !closed;
    find('.composer__reviewed').hidden = board?.posting !== 'reviewed';
    root.classList.toggle('is-open', open || draft.text !== '' || choice.isChosen);

    for (const [field, input] of Object.entries(inputs)) {
      if (input.value !== draft[field]) input.value = draft[field];
      input.readOnly = composition.sending !== null;
      input.setAttribute('aria-invalid', String(errors[field] !== undefined));
    }
    for (const error of form.querySelectorAll('[data-error]')) {
      put(error, words.sayAll(errors[error.dataset.error] ?? []));
    }
    find('.composer__description').hidden = !choice.isChosen || choice.isLacking;
    const isUndescribed = draft.picture !== null && draft.alt.trim() === '';
    put(find('.composer__nudge'), isUndescribed ? words.say('compose.nudge') : '');
    put(find('.composer__notice'), words.sayAll(composition.notice));
    updateCount(find('.composer__count'), { composition, words, announce });
    updateSending(find, { composition, words });
    pictureField.update();
  }

  function normalizeInput(field, input) {
    const value = composition.normalize(field, input.value);
    if (value === input.value) return;
    const caret = normalize(field, input.value.slice(0, input.selectionStart)).value.length;
    input.value = value;
    input.setSelectionRange(caret, caret);
  }

  composition.addEventListener('change', update);
  submission.addEventListener('posted', ({ detail }) => emit(root, 'message-posted', { message: detail, notice: composition.notice }));
  submission.addEventListener('refused', () => form.querySelector('[aria-invalid="true"]')?.focus());
  for (const [field, input] of Object.entries(inputs)) {
    input.addEventListener('input', ({ isComposing }) => {
      composition.notice = [];
      // Whoever composes a character has not finished it.
      if (!isComposing) normalizeInput(field, input);
      composition.type(field, input.value);
    });
  }
  inputs.text.addEventListener('focus', () => {
    open = true;
    update();
  });
  find('.composer__cancel').addEventListener('click', () => {
    submission.cancel();
    find('.composer__post').focus();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submission.submit();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submission.submit();
  });

  update();
  return { update };
}

function updateCount(count, { composition, words, announce }) {
  const limit = composition.limits?.textCharacters ?? Infinity;
  const left = limit - countCharacters(composition.draft.text);
  const near = left < limit * (1 - NEAR_THE_LIMIT);
  const sayings = near ? [[left < 0 ? 'compose.over' : 'compose.left', { count: Math.abs(left) }]] : [];
  // Told when the limit comes near and when it is passed, not with every letter.
  if (near && (count.textContent === '' || left < 0 !== count.classList.contains('is-over'))) announce(sayings);
  count.textContent = words.sayAll(sayings);
  count.classList.toggle('is-over', left < 0);
}

function updateSending(find, { composition: { draft, sending }, words }) {
  find('.composer__sending').hidden = !sending;
  const progress = find('.composer__progress');
  progress.hidden = !draft.picture || sending?.waking;
  // Sent but not answered yet: nobody knows how long that takes.
  if (sending && sending.progress < 1) progress.value = sending.progress;
  else progress.removeAttribute('value');
  find('.composer__waking').textContent = sending?.waking ? words.say('compose.waiting') : '';

  // Not `disabled`, which would drop the keyboard focus.
  const button = find('.composer__post');
  button.setAttribute('aria-disabled', String(sending !== null));
  button.textContent = words.say(sending ? 'compose.posting' : 'compose.post');
}
