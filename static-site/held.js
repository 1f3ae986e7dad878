// What was posted from this device and waits for a moderator: shown above the list, on this device alone, until it is
// on the board or was not taken. Loaded where something waits.

import { addStyle } from './add-style.js';
import { placeAt } from './children.js';
import { emit } from './events.js';
import { createHeldAsking, mayBeForgotten } from './held-asking.js';
import { createHeldStore } from './held-store.js';
import { createMessage } from './message.js';
import { fileOf } from './picture-file.js';
import { addReviewWords } from './review-words.js';
import { put } from './words.js';

/** How often is looked whether a message is on the board; that costs nobody much. */
const LOOK_MS = 10_000;

/** Emits `message-shown` where one is on the board now. */
export async function mount(root, { api, feed, card, storage, announce, clock, words, window }) {
  await Promise.all([addReviewWords(words), addStyle(window.document, 'held.css')]);
  const store = createHeldStore({ storage, indexedDB: () => window.indexedDB });
  const list = root.appendChild(Object.assign(window.document.createElement('ol'), { className: 'held__list' }));
  list.setAttribute('role', 'list');
  const cards = new Map();
  /** The pictures of this visit, which this device may not keep. */
  const pictures = new Map();
  const pictureOf = async (id) => pictures.get(id) ?? store.picture(id);
  const ask = createHeldAsking({ store, pictureOf, api, clock });
  let lookedAt = -Infinity;

  function update() {
    root.hidden = store.entries.length === 0;
    for (const id of cards.keys()) if (!store.entries.some((entry) => entry.id === id)) take(id);
    store.entries.forEach((entry, index) => {
      const shown = cards.get(entry.id);
      // The message's picture is still on its way.
      if (!shown) return;
      placeAt(list, index, shown.item);
      shown.update(entry);
    });
  }

  function take(id) {
    const { item, url } = cards.get(id);
    item.remove();
    URL.revokeObjectURL(url);
    cards.delete(id);
  }

  async function hang(entry) {
    const { id, message } = entry;
    const picture = message.picture && (await pictureOf(id));
    if (cards.has(id)) return;
    const url = picture ? URL.createObjectURL(fileOf(picture)) : null;
    const shownPicture = url && { ...message.picture, url, small: [] };
    const shown = createMessage({ ...message, picture: shownPicture }, { ...card, moderate() {} });
    const dress = dressAsHeld(shown, { isLacking: Boolean(message.picture && !url), words, dismiss: () => leave(id) });
    cards.set(id, {
      ...shown,
      url,
      update(now) {
        const isRejected = now.status === 'rejected';
        shown.update({ ...card.stateOf(id), contactUrl: null, isAddressed: false, isHeld: true, isRejected, ...(isRejected && { mayDelete: false }) });
        dress({ isRejected, isUnsure: mayBeForgotten(now, clock.now()) });
      },
    });
  }

  /** Takes a card away. Where it has the keyboard focus, that goes on to the title of the list. */
  function leave(id) {
    const hadFocus = cards.get(id)?.item.contains(window.document.activeElement);
    store.drop(id);
    pictures.delete(id);
    update();
    if (hadFocus) window.document.querySelector('.messages__title').focus();
  }

  async function look({ wasLost = false } = {}) {
    const now = clock.now();
    for (const { id } of store.entries) {
      const message = feed.messages.find((one) => one.id === id);
      if (message) reveal(message);
    }
    if (!wasLost && now - lookedAt < LOOK_MS) return;
    lookedAt = now;
    for (const entry of store.entries) {
      try {
        await lookAt(entry);
      } catch {
        // The message is asked for again in a while.
      }
    }
    update();
  }

  async function lookAt(entry) {
    const message = await ask(entry);
    if (message === 'rejected') refuse(entry);
    else if (message) reveal(message);
  }

  function refuse({ id, status }) {
    store.change(id, { status: 'rejected' });
    if (status !== 'rejected') announce([['held.rejected']]);
  }

  function reveal(message) {
    const { id } = message;
    const hadFocus = cards.get(id)?.item.contains(window.document.activeElement);
    leave(id);
    announce([['held.shown']]);
    emit(root, 'message-shown', message);
    if (hadFocus) emit(root, 'go-to-message', id);
  }

  const hangAll = () => Promise.all(store.entries.map(hang)).then(update);
  await hangAll();

  return {
    update,
    look,

    /** Shows all of it anew, on the wall or in the list. */
    relayout: () => {
      for (const id of cards.keys()) take(id);
      return hangAll();
    },

    /** Shows a message that was posted from here, and goes to it unless the viewer has gone on meanwhile, since `isLate`. */
    async add({ entry, picture, notice }, { isLate }) {
      const { id } = entry;
      // It may hang already without its picture, which is not among the entries.
      if (cards.has(id)) take(id);
      if (picture) pictures.set(id, picture);
      void store.add({ ...entry, picture });
      await hang(entry);
      update();
      lookedAt = clock.now();
      announce([['held.done'], ...notice]);
      if (isLate) return;
      const { article } = cards.get(id);
      article.focus({ preventScroll: true });
      article.scrollIntoView();
    },

    /** Forgets a message that was deleted. */
    removed(id) {
      if (cards.has(id)) leave(id);
    },
  };
}

/** Makes a message's card one of what waits, and answers a function that says of it how it stands. */
function dressAsHeld({ item, article }, { isLacking, words, dismiss }) {
  const find = (selector) => article.querySelector(selector);
  const page = article.ownerDocument;
  item.className = 'held__item';
  article.classList.add('message--held');
  // Nobody else could follow it, and there is nothing larger to be seen.
  find('.message__link').removeAttribute('href');
  find('.message__link .visually-hidden').remove();
  const frame = find('.message__picture');
  if (frame) {
    frame.removeAttribute('href');
    frame.addEventListener('click', (event) => event.stopImmediatePropagation(), { capture: true });
  }
  const note = page.createElement('p');
  note.className = 'held__note';
  find('.message__pin').after(note);
  const close = page.createElement('button');
  Object.assign(close, { className: 'button button--quiet held__close', type: 'button' });
  close.addEventListener('click', dismiss);
  note.after(close);

  return ({ isRejected, isUnsure }) => {
    const state = isRejected ? 'held.rejected' : isUnsure ? 'held.unsure' : 'held.waits';
    put(note, words.sayAll([[state], ...(isLacking ? [['held.picture']] : [])]));
    note.classList.toggle('held__note--rejected', isRejected);
    put(close, words.say('held.close'));
    close.hidden = !isRejected && !isUnsure;
  };
}
