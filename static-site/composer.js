// Writing a message: text, name, a picture with its description; sending it, once, whatever happens.

import { ApiError } from './api.js';
import { countCharacters, normalize, replaceLoneSurrogates } from './input-normalization.js';
import { pause, untilAborted, withBackoff } from './backoff.js';
import { mountPictureField } from './picture-field.js';
import { checkDraft, explainPost, isFinal, isRefusal, isUnreadPicture } from './problems.js';
import { fileOf } from './shrink.js';
import { put } from './words.js';

/** From here on the viewer is told how many characters are left. */
const NEAR_THE_LIMIT = 0.9;
/** Until the board has told its own. */
const PICTURE_BYTES = 4 * 1024 * 1024;
/** How long sending waits for what this device keeps: keeping is a courtesy, sending is the purpose. */
const KEPT_WITHIN_MS = 1_000;
/** `sent`: what was sent as a whole and may be on the board: `'this'`, under its key, or what it was `'before'`; or null. */
const EMPTY = { text: '', author: '', alt: '', picture: null, pictureName: null, key: null, sent: null };

export function mountComposer(root, { post, drafts, storage, words, announce, clock, newKey, onPosted, page, objectUrls, decode }) {
  const find = (selector) => root.querySelector(selector);
  const form = find('form');
  const inputs = { text: form.elements.text, author: form.elements.author, alt: form.elements.alt };
  const state = {
    draft: { ...EMPTY, author: storage.get('author') ?? '' },
    errors: {},
    /** What became of what was typed, or of the picture posted last: sentences. */
    notice: [],
    /** Somebody has begun to write. */
    open: false,
    /** While sending: how far, from 0 to 1, whether the board has to wake up first, and how to stop. */
    sending: null,
    /** The device takes long to keep anything. */
    isSlow: false,
    board: null,
  };

  const pictureField = mountPictureField(find('.picture-field'), {
    words,
    announce,
    objectUrls,
    page,
    decode,
    onPicture(chosen) {
      if (chosen.pictureName === null) state.draft.alt = '';
      delete state.errors.alt;
      change(chosen);
    },
  });
  pictureField.setLimit(PICTURE_BYTES);
  const loaded = drafts.load();
  /** What was asked to be sent last. */
  let submission = Promise.resolve();

  function update() {
    const { draft, errors, sending, board } = state;
    const closed = board?.posting === 'closed';
    form.hidden = closed;
    find('.composer__closed').hidden = !closed;
    root.classList.toggle('is-open', state.open || draft.text !== '' || pictureField.isChosen);

    for (const [field, input] of Object.entries(inputs)) {
      if (input.value !== draft[field]) input.value = draft[field];
      input.readOnly = sending !== null;
      input.setAttribute('aria-invalid', String(errors[field] !== undefined));
    }
    for (const place of form.querySelectorAll('[data-error]')) {
      put(place, words.sayAll(errors[place.dataset.error] ?? []));
    }
    find('.composer__description').hidden = !pictureField.isChosen || pictureField.isLacking;
    const isUndescribed = draft.picture !== null && draft.alt.trim() === '';
    put(find('.composer__nudge'), isUndescribed ? words.say('compose.nudge') : '');
    put(find('.composer__notice'), words.sayAll(state.notice));
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
    const left = limit - countCharacters(state.draft.text);
    const count = find('.composer__count');
    const near = left < limit * (1 - NEAR_THE_LIMIT);
    const sentence = near ? words.say(left < 0 ? 'compose.over' : 'compose.left', { count: Math.abs(left) }) : '';
    // Told when the limit comes near and when it is passed, not with every letter.
    if (near && (count.textContent === '' || left < 0 !== count.classList.contains('is-over'))) announce(sentence);
    count.textContent = sentence;
    count.classList.toggle('is-over', left < 0);
  }

  function change(fields) {
    const { draft } = state;
    Object.assign(draft, fields);
    // Another message than the one that may have been sent.
    draft.key = null;
    if (draft.sent) draft.sent = isEmpty() ? null : 'before';
    for (const field of [...Object.keys(fields), 'form']) delete state.errors[field];
    warn();
    keep();
    update();
  }

  const isEmpty = () => state.draft.text === '' && state.draft.pictureName === null;
  const keep = () => (isEmpty() ? drafts.clear() : drafts.save(state.draft));

  function warn() {
    const { sent } = state.draft;
    if (sent) state.errors.form = [[sent === 'this' ? 'post.unsure' : 'post.changed']];
  }

  async function submit() {
    const controller = new AbortController();
    let message = null;
    try {
      state.sending = { progress: 0, waking: false, controller };
      state.errors = {};
      pictureField.setSending(true);
      update();
      message = await send(controller.signal);
    } catch (error) {
      // A fault of the page's own; whatever it is, the viewer can go on.
      console.error(error);
      fail({ form: [['post.kept'], ['advice.reload']] });
    } finally {
      state.sending = null;
      pictureField.setSending(false);
      update();
    }
    if (message) onPosted(message, state.notice);
    else form.querySelector('[aria-invalid="true"]')?.focus();
  }

  /** Answers the message, or null where there is none and the viewer is told why. */
  async function send(signal) {
    // What was kept is read first: it must not be lost by what is sent now.
    await isLate(loaded, signal);
    // A picture chosen a moment ago is still being made smaller.
    await Promise.race([pictureField.settled(), untilAborted(signal)]);
    if (signal.aborted) return stopped();
    if (pictureField.isLacking) {
      announce(words.say('picture.lacking'));
      return null;
    }
    const { draft } = state;
    for (const field of Object.keys(inputs)) draft[field] = replaceLoneSurrogates(tidied(field, draft[field]));
    const limits = state.board?.limits ?? null;
    const faults = checkDraft(draft, limits);
    if (Object.keys(faults).length > 0) return fail(faults);
    pictureField.refuse([]);
    for (let redrawn = null; ; ) {
      draft.key ??= newKey();
      // Before it is sent: should the page be gone when the answer comes, the next attempt is no second message.
      const kept = drafts.save({ ...draft, sent: 'this' });
      if (!state.isSlow) state.isSlow = await isLate(kept, signal);
      if (signal.aborted) return stopped();
      try {
        const message = await sendOnce(draft, signal);
        state.notice = redrawn ?? [];
        return message;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (isFinal(error)) Object.assign(draft, { key: null, sent: null });
        if (!redrawn && draft.picture && isUnreadPicture(error)) {
          redrawn = await Promise.race([pictureField.redraw(signal), untilAborted(signal)]);
          if (redrawn && !signal.aborted) continue;
        }
        keep();
        return signal.aborted ? stopped() : fail(explainPost(error, draft, limits));
      }
    }
  }

  /** Waits for what this device keeps, but not for long: some browsers never end it. Answers whether that was too short. */
  async function isLate(work, signal) {
    const late = await Promise.race([work.then(() => false), pause(clock, KEPT_WITHIN_MS, signal).then(() => true)]);
    return late && !signal.aborted;
  }

  /** What was sent as a whole may be on the board; the key stays, so that it does not appear twice. */
  const stopped = () => fail({ form: state.draft.sent === 'this' ? [['post.cancelled-late'], ['post.unsure']] : [['post.cancelled']] });

  async function sendOnce(draft, signal) {
    const body = { ...draft, picture: draft.picture && fileOf(draft.picture) };
    const onWaiting = () => showSending({ waking: true, progress: 0 });
    const onProgress = (progress) => {
      if (progress === 1) draft.sent = 'this';
      showSending({ waking: false, progress });
    };
    const attempt = async () => {
      const before = draft.sent;
      try {
        return await post(body, { key: draft.key, onProgress, signal });
      } catch (error) {
        if (isRefusal(error)) draft.sent = before;
        // Whoever answers so may have had all of it.
        else if (error.status > 0) draft.sent = 'this';
        throw error;
      }
    };
    const message = await withBackoff(attempt, { clock, signal, onWaiting });
    state.draft = { ...EMPTY, author: draft.author };
    pictureField.clear();
    drafts.clear();
    return message;
  }

  /** The value as the board takes it; where something was left out, the viewer is told. */
  function tidied(field, value) {
    const result = normalize(field, value);
    if (result.dropped) state.notice = [['compose.tidied']];
    return result.value;
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
    const saved = await loaded;
    // What is being sent goes first, where it did not wait for this.
    await submission;
    if (!saved) return;
    const { draft } = state;
    const isUntouched = draft.text === '' && !pictureField.isChosen && ['', saved.author].includes(draft.author);
    draft.text = [saved.text, draft.text].filter(Boolean).join('\n');
    draft.author ||= saved.author;
    // Something that has no name may be lacking, too.
    if (saved.pictureName !== null && !pictureField.isChosen) {
      const { picture, pictureName, alt } = saved;
      Object.assign(draft, { picture, pictureName, alt });
      pictureField.restore(saved);
    }
    if (isUntouched) Object.assign(draft, { key: saved.key, sent: saved.sent });
    else Object.assign(draft, { key: null, sent: draft.sent || saved.sent ? 'before' : null });
    warn();
    keep();
    update();
  }

  for (const [field, input] of Object.entries(inputs)) {
    input.addEventListener('input', ({ isComposing }) => {
      state.notice = [];
      // Whoever composes a character has not finished it.
      if (!isComposing) tidyInput(field, input);
      if (field === 'author') storage.set('author', input.value);
      change({ [field]: input.value });
    });
  }

  function tidyInput(field, input) {
    const value = tidied(field, input.value);
    if (value === input.value) return;
    const place = normalize(field, input.value.slice(0, input.selectionStart)).value.length;
    input.value = value;
    input.setSelectionRange(place, place);
  }

  inputs.text.addEventListener('focus', () => {
    state.open = true;
    update();
  });
  find('.composer__cancel').addEventListener('click', () => {
    state.sending?.controller.abort();
    find('.composer__post').focus();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      ask();
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });

  function ask() {
    if (!state.sending) submission = submit();
  }

  update();
  restore();
  return {
    update,
    setBoard(board) {
      state.board = board;
      pictureField.setLimit(board.limits.pictureBytes);
      update();
    },
  };
}
