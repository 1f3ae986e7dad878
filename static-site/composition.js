// The message being written: its text, name and picture, what is wrong with them, and whether it is being sent. Kept
// on this device. Knows no DOM.

import { emit } from './events.js';
import { normalize, replaceLoneSurrogates } from './input-normalization.js';

/**
 * `key` is the idempotency key. `sent` says what was sent as a whole and may be on the board: `'this'`, under its
 * key, or what the message was `'before'`; or null.
 */
const EMPTY = { text: '', author: '', alt: '', picture: null, pictureName: null, key: null, sent: null };
const FIELDS = ['text', 'author', 'alt'];

/** Emits `change`. */
export class Composition extends EventTarget {
  draft;
  /** Sentences for each field, and for the `form`. */
  errors = {};
  /** What became of what was typed, or of the picture posted last: sentences. */
  notice = [];
  /** The draft of what was posted last. */
  posted = null;
  /** Whether this device keeps all of the draft. */
  isKept = false;
  /** While a message is sent: how far that is, from 0 to 1, and whether the board has to wake up first. Else null. */
  sending = null;
  /** What the board tells of itself. */
  board = null;
  /** What this device still has of an earlier visit. */
  saved;
  #drafts;
  #storage;

  constructor({ drafts, storage, choice }) {
    super();
    this.#drafts = drafts;
    this.#storage = storage;
    this.choice = choice;
    this.draft = { ...EMPTY, author: storage.get('author') ?? '' };
    this.saved = drafts.load();
    choice.addEventListener('change', () => this.#changed());
    choice.addEventListener('chosen', ({ detail }) => {
      if (detail.pictureName === null) this.draft.alt = '';
      delete this.errors.alt;
      this.edit(detail);
    });
  }

  get limits() {
    return this.board?.limits ?? null;
  }

  get isEmpty() {
    return this.draft.text === '' && this.draft.pictureName === null;
  }

  setBoard(board) {
    this.board = board;
    this.choice.limit = board.limits.pictureBytes;
    this.#changed();
  }

  type(field, value) {
    if (field === 'author') this.#storage.set('author', value);
    this.edit({ [field]: value });
  }

  edit(fields) {
    const { draft, errors } = this;
    Object.assign(draft, fields);
    // This is another message now than the one that may have been sent, so it needs another idempotency key.
    draft.key = null;
    if (draft.sent) draft.sent = this.isEmpty ? null : 'before';
    for (const field of [...Object.keys(fields), 'form']) delete errors[field];
    this.#warn();
    void this.keep();
    this.#changed();
  }

  /** The value as the board takes it; where something was left out, the viewer is told. */
  normalize(field, value) {
    const result = normalize(field, value);
    if (result.dropped) this.notice = [['compose.tidied']];
    return result.value;
  }

  normalizeAll() {
    for (const field of FIELDS) this.draft[field] = replaceLoneSurrogates(this.normalize(field, this.draft[field]));
  }

  async keep() {
    const isKept = (await (this.isEmpty ? this.#drafts.clear() : this.#drafts.save(this.draft))) === true;
    if (isKept === this.isKept) return;
    this.isKept = isKept;
    this.#changed();
  }

  /** Keeps the draft before it is sent: should the page go before the answer, the next attempt is no second message. */
  keepAsSent() {
    return this.#drafts.save({ ...this.draft, sent: 'this' });
  }

  /** Begins a new draft after one was posted; the name stays. */
  clear() {
    this.posted = this.draft;
    this.draft = { ...EMPTY, author: this.draft.author };
    this.choice.clear();
    this.#drafts.clear();
  }

  setSending(sending) {
    this.sending = sending && { ...this.sending, ...sending };
    this.choice.setSending(sending !== null);
  }

  fail({ picture = [], ...errors }) {
    this.errors = errors;
    this.choice.refuse(picture);
  }

  /**
   * Shows what was kept at an earlier visit. What was typed meanwhile stays, too.
   * @param sent resolves when a message that did not wait for this was sent: it goes first
   */
  async restore(sent) {
    const saved = await this.saved;
    await sent();
    if (!saved) return;
    const { draft, choice } = this;
    const isUntouched = draft.text === '' && !choice.isChosen && ['', saved.author].includes(draft.author);
    draft.text = [saved.text, draft.text].filter(Boolean).join('\n');
    draft.author ||= saved.author;
    // A picture may be lacking whose name is empty, too.
    if (saved.pictureName !== null && !choice.isChosen) {
      const { picture, pictureName, alt } = saved;
      Object.assign(draft, { picture, pictureName, alt });
      choice.restore(saved);
    }
    if (isUntouched) Object.assign(draft, { key: saved.key, sent: saved.sent });
    else Object.assign(draft, { key: null, sent: draft.sent || saved.sent ? 'before' : null });
    this.#warn();
    void this.keep();
    this.#changed();
  }

  #warn() {
    const { sent } = this.draft;
    if (sent) this.errors.form = [[sent === 'this' ? 'post.unsure' : 'post.changed']];
  }

  #changed() {
    emit(this, 'change');
  }
}
