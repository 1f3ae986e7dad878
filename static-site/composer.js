// Writing a message: text, name, a picture with its description; sending it, once, whatever happens.

import { CANCELLED } from './api.js';
import { withPatience } from './patience.js';
import { mountPictureField } from './picture-field.js';
import { checkDraft, explainPost, isFinal, length } from './problems.js';
import { put } from './words.js';

/** From here on the viewer is told how many characters are left. */
const NEAR_THE_LIMIT = 0.9;
/** Until the board has told its own. */
const PICTURE_BYTES = 4 * 1024 * 1024;
const EMPTY = { text: '', author: '', alt: '', picture: null, key: null };

export function mountComposer(root, { post, drafts, device, words, announce, clock, newKey, onPosted, page, objectUrls, decode }) {
  const find = (selector) => root.querySelector(selector);
  const form = find('form');
  const inputs = { text: form.elements.text, author: form.elements.author, alt: form.elements.alt };
  const state = {
    draft: { ...EMPTY, author: device.get('author') ?? '' },
    errors: {},
    /** Somebody has begun to write. */
    open: false,
    /** While sending: how far, from 0 to 1, whether the board has to wake up first, and how to stop. */
    sending: null,
    board: null,
  };

  const pictureField = mountPictureField(find('.picture-field'), {
    words,
    announce,
    objectUrls,
    page,
    decode,
    onPicture(picture) {
      if (!picture) state.draft.alt = '';
      change('picture', picture);
    },
  });
  pictureField.setLimit(PICTURE_BYTES);

  function update() {
    const { draft, errors, sending, board } = state;
    const closed = board?.posting === 'closed';
    form.hidden = closed;
    find('.composer__closed').hidden = !closed;
    root.classList.toggle('is-open', state.open || draft.text !== '' || draft.picture !== null);

    for (const [field, input] of Object.entries(inputs)) {
      if (input.value !== draft[field]) input.value = draft[field];
      input.readOnly = sending !== null;
      input.setAttribute('aria-invalid', String(errors[field] !== undefined));
    }
    for (const place of form.querySelectorAll('[data-error]')) {
      put(place, words.sayAll(errors[place.dataset.error] ?? []));
    }
    find('.composer__description').hidden = !draft.picture;
    updateCount();

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
    pictureField.update();
  }

  function updateCount() {
    const limit = state.board?.limits.textCharacters ?? Infinity;
    const left = limit - length(state.draft.text);
    const count = find('.composer__count');
    const near = left < limit * (1 - NEAR_THE_LIMIT);
    const sentence = near ? words.say(left < 0 ? 'compose.over' : 'compose.left', { count: Math.abs(left) }) : '';
    // Told when the limit comes near and when it is passed, not with every letter.
    if (near && (count.textContent === '' || left < 0 !== count.classList.contains('is-over'))) announce(sentence);
    count.textContent = sentence;
    count.classList.toggle('is-over', left < 0);
  }

  function change(field, value) {
    state.draft[field] = value;
    // Another message than the one that may have been sent.
    state.draft.key = null;
    if (field === 'author') device.set('author', value);
    delete state.errors[field];
    delete state.errors.form;
    keep();
    update();
  }

  function keep() {
    const { text, picture } = state.draft;
    return text === '' && !picture ? drafts.clear() : drafts.save(state.draft);
  }

  async function submit() {
    if (state.sending) return;
    const controller = new AbortController();
    state.sending = { progress: 0, waking: false, controller };
    state.errors = {};
    // A picture chosen a moment ago is still being made smaller.
    const message = (await pictureField.failed()) ? null : await send(state.draft, controller.signal);
    state.sending = null;
    pictureField.setSending(false);
    update();
    if (message) onPosted(message);
    else form.querySelector('[aria-invalid="true"]')?.focus();
  }

  /** Answers the message, or null where there is none and the viewer is told why. */
  async function send(draft, signal) {
    const limits = state.board?.limits ?? null;
    const faults = checkDraft(draft, limits);
    if (Object.keys(faults).length > 0) return fail(faults);
    pictureField.refuse([]);
    pictureField.setSending(true);
    update();
    draft.key ??= newKey();
    // Before it is sent: should the page be gone when the answer comes, the next attempt is no second message.
    await drafts.save(draft);
    const onProgress = (progress) => showSending({ waking: false, progress });
    const onWaiting = () => showSending({ waking: true, progress: 0 });
    try {
      const message = await withPatience(() => post(draft, { key: draft.key, onProgress, signal }), { clock, signal, onWaiting });
      state.draft = { ...EMPTY, author: draft.author };
      pictureField.clear();
      drafts.clear();
      return message;
    } catch (error) {
      if (isFinal(error)) draft.key = null;
      keep();
      return fail(explainPost(error, draft, limits));
    }
  }

  function fail({ picture = [], ...errors }) {
    state.errors = errors;
    pictureField.refuse(picture);
    return null;
  }

  function showSending(how) {
    if (!state.sending) return;
    Object.assign(state.sending, how);
    update();
  }

  /** What this device still has of an earlier visit. What was typed meanwhile stays, too. */
  async function restore() {
    const saved = await drafts.load();
    if (!saved) return;
    const { draft } = state;
    draft.text = [saved.text, draft.text].filter(Boolean).join('\n');
    draft.author ||= saved.author;
    if (saved.picture && !draft.picture) {
      draft.alt = saved.alt;
      pictureField.take(saved.picture);
    }
    if (saved.key && draft.text === saved.text && draft.author === saved.author) {
      draft.key = saved.key;
      state.errors.form = [['post.unsure']];
      keep();
    }
    update();
  }

  for (const [field, input] of Object.entries(inputs)) {
    input.addEventListener('input', () => change(field, input.value));
  }
  inputs.text.addEventListener('focus', () => {
    state.open = true;
    update();
  });
  find('.composer__cancel').addEventListener('click', () => {
    state.sending?.controller.abort(CANCELLED);
    find('.composer__post').focus();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });

  update();
  return {
    update,
    restored: restore(),
    setBoard(board) {
      state.board = board;
      pictureField.setLimit(board.limits.pictureBytes);
      update();
    },
  };
}
