// Where a message is written: a dialog that shows what is being written and what becomes of it. Loaded when somebody is
// at the page, and at once where something was written before.

import { addStyle } from './add-style.js';
import { Composition } from './composition.js';
import { FORM } from './composer-form.js';
import { createDrafts } from './drafts.js';
import { emit } from './events.js';
import { countCharacters, normalize } from './input-normalization.js';
import { mark } from './mark.js';
import { PictureChoice } from './picture-choice.js';
import { mountPictureField } from './picture-field.js';
import { Submission } from './submission.js';
import { setLanguage } from './text-language.js';
import { put } from './words.js';

/** From here on the viewer is told how many characters are left. */
const NEAR_THE_LIMIT = 0.9;

/** Emits `message-posted` with the message, what was written, and what is to be said of it; and `draft-changed`. */
export async function mount(dialog, { api, board, storage, tabStorage, clock, words, announce, newKey, window }) {
  const page = window.document;
  await addStyle(page, 'composer.css');
  dialog.innerHTML = FORM;
  words.fill(dialog);
  const find = (selector) => dialog.querySelector(selector);
  const composition = new Composition({
    drafts: createDrafts({ indexedDB: () => window.indexedDB, locks: window.navigator.locks, storage: tabStorage, newSlot: newKey }),
    storage,
    choice: new PictureChoice({ decode: window.createImageBitmap.bind(window), newCanvas: () => page.createElement('canvas') }),
  });
  const submission = new Submission({ composition, post: api.post, announce, clock, newKey });
  const form = find('form');
  const inputs = { text: form.elements.text, author: form.elements.author, alt: form.elements.alt };
  const { choice } = composition;
  const pictureField = mountPictureField(form, { choice, words, announce, objectUrls: window.URL, page });

  function update() {
    const { draft, errors, sending } = composition;
    find('.composer__reviewed').hidden = composition.board?.posting !== 'reviewed';
    inputs.text.placeholder = words.say('compose.invite');
    for (const [field, input] of Object.entries(inputs)) {
      if (input.value !== draft[field]) input.value = draft[field];
      setLanguage(input, words.languages, input.value);
      input.readOnly = sending !== null;
      input.setAttribute('aria-invalid', String(errors[field] !== undefined));
    }
    for (const error of form.querySelectorAll('[data-error]')) {
      put(error, words.sayAll(errors[error.dataset.error] ?? []));
    }
    find('.composer__description').hidden = !choice.isChosen || choice.isLacking;
    const isUndescribed = draft.picture !== null && draft.alt.trim() === '';
    put(find('.composer__nudge'), isUndescribed ? words.say('compose.nudge') : '');
    put(find('.composer__notice'), words.sayAll(composition.notice));
    find('.composer__kept').hidden = composition.isEmpty || !composition.isKept;
    updateMark();
    updateCount(find('.composer__count'), { composition, words, announce });
    updateSending(find, { composition, words });
    pictureField.update();
    emit(dialog, 'draft-changed', composition.isEmpty ? null : draft);
  }

  /** The mark comes from the name as it is typed. */
  function updateMark() {
    const name = find('.composer__name');
    const author = composition.draft.author.trim() || null;
    if (name.querySelector('.mark') && name.dataset.of === String(author)) return;
    name.dataset.of = author;
    name.querySelector('.mark')?.remove();
    name.prepend(mark(author));
  }

  function normalizeInput(field, input) {
    const value = composition.normalize(field, input.value);
    if (value === input.value) return;
    const caret = normalize(field, input.value.slice(0, input.selectionStart)).value.length;
    input.value = value;
    input.setSelectionRange(caret, caret);
  }

  function open({ picture = false } = {}) {
    if (!dialog.open) dialog.showModal();
    inputs.text.focus();
    if (picture) find('.picture-field__file').click();
  }

  /** Calls back a message that is being sent; else closes the dialog, and what is written stays for later. */
  function cancel() {
    if (!composition.sending) return dialog.close();
    submission.cancel();
    find('.composer__post').focus();
  }

  composition.addEventListener('change', update);
  submission.addEventListener('posted', ({ detail }) => {
    dialog.close();
    emit(dialog, 'message-posted', { message: detail, draft: composition.posted, notice: composition.notice });
  });
  submission.addEventListener('refused', () => {
    if (!dialog.open) open();
    form.querySelector('[aria-invalid="true"]')?.focus();
  });
  for (const [field, input] of Object.entries(inputs)) {
    input.addEventListener('input', ({ isComposing }) => {
      composition.notice = [];
      // While a character is being composed, the value is not finished.
      if (!isComposing) normalizeInput(field, input);
      composition.type(field, input.value);
    });
  }
  find('.composer__cancel').addEventListener('click', cancel);
  dialog.addEventListener('cancel', (event) => {
    // A file dialog that was closed emits `cancel` as well.
    if (event.target !== dialog) return;
    event.preventDefault();
    cancel();
  });
  // The backdrop is part of the dialog: a press on it is one beside the paper.
  dialog.addEventListener('pointerdown', ({ target }) => target === dialog && cancel());
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

  if (board()) composition.setBoard(board());
  update();
  void composition.restore(() => submission.settled).then(() => {
    // A visit that ended while a message was being sent goes on in the composer.
    if (composition.draft.sent) open();
  });
  return {
    update,
    open,
    setBoard: (known) => composition.setBoard(known),
    setDragged: pictureField.setDragged,
    /** Takes files that were dropped or pasted anywhere. */
    take(given) {
      open();
      pictureField.take(given);
    },
    get isSending() {
      return composition.sending !== null;
    },
  };
}

function updateCount(count, { composition, words, announce }) {
  const limit = composition.limits?.textCharacters ?? Infinity;
  const left = limit - countCharacters(composition.draft.text);
  const near = left < limit * (1 - NEAR_THE_LIMIT);
  const sayings = near ? [[left < 0 ? 'compose.over' : 'compose.left', { count: Math.abs(left) }]] : [];
  // The count is announced when the limit comes near and when it is passed, not with every letter.
  if (near && (count.textContent === '' || left < 0 !== count.classList.contains('is-over'))) announce(sayings);
  count.textContent = words.sayAll(sayings);
  count.classList.toggle('is-over', left < 0);
}

function updateSending(find, { composition: { draft, sending }, words }) {
  find('.composer__sending').hidden = !sending;
  const progress = find('.composer__progress');
  progress.hidden = !draft.picture || sending?.waking;
  // All was sent, and nobody knows how long the answer takes.
  if (sending && sending.progress < 1) progress.value = sending.progress;
  else progress.removeAttribute('value');
  find('.composer__waking').textContent = sending?.waking ? words.say('compose.waiting') : '';

  // The button gets `aria-disabled` and not `disabled`, which would drop the keyboard focus.
  const button = find('.composer__post');
  button.setAttribute('aria-disabled', String(sending !== null));
  button.textContent = words.say(sending ? 'compose.posting' : 'compose.post');
}
