// Puts the page together: makes what the components need, mounts them, and hears of what happens in them.

import { createActivity } from './activity.js';
import { mountAnnouncer } from './announcer.js';
import { createApi, uploadWithProgress } from './api.js';
import { mountCarrousel } from './carrousel.js';
import { mountComposer } from './composer.js';
import { Composition } from './composition.js';
import { mountConfirmation } from './confirmation.js';
import { createDeleteTokens } from './delete-tokens.js';
import { createDrafts } from './drafts.js';
import { Feed } from './feed.js';
import { AS_PRELOADED, answered, imageFor } from './first-picture.js';
import { mountLanguageMenu } from './language-menu.js';
import { mountMasthead } from './masthead.js';
import { mountMessages } from './messages.js';
import { Pagination } from './pagination.js';
import { PictureChoice } from './picture-choice.js';
import { createPictures } from './picture.js';
import { createPoller } from './poller.js';
import { createRemoval } from './removal.js';
import { createScrollRestoration } from './scroll-restoration.js';
import { createStorage } from './storage.js';
import { Submission } from './submission.js';
import { dictionary, language } from './viewer-language.js';
import { createWords } from './words.js';

const page = document;
const find = (selector) => page.querySelector(selector);
const clock = {
  now: () => Date.now(),
  setTimeout: window.setTimeout.bind(window),
  clearTimeout: window.clearTimeout.bind(window),
};
const storage = createStorage(() => window.localStorage);
const tabStorage = createStorage(() => window.sessionStorage);
const words = createWords({ language, dictionary: await dictionary, preferred: navigator.languages, storage });
const api = createApi({
  fetch: (path, options) => answered(path) ?? window.fetch(path, options),
  upload: uploadWithProgress,
  base: find('meta[name="api-base"]').content,
  preloaded: AS_PRELOADED,
});

// What the page knows, and what it does about it.
const feed = new Feed();
const pagination = new Pagination({ api, feed, clock });
const tokens = createDeleteTokens(storage);
const pictures = createPictures({ words, clock });
const activity = createActivity({ page, clock });
const announce = mountAnnouncer(find('#announcer'), { words, clock });
const composition = new Composition({
  drafts: createDrafts({ indexedDB: window.indexedDB, locks: navigator.locks, storage: tabStorage, newSlot: randomKey }),
  storage,
  choice: new PictureChoice({ decode: window.createImageBitmap.bind(window), newCanvas: () => page.createElement('canvas') }),
});
const submission = new Submission({ composition, post: api.post, announce, clock, newKey: randomKey });
let board = null;
let wantsAllPictures = false;

// Components that come when they are wanted: those that are on their way, and those that are there.
const coming = {};
const later = {};

// The components. None holds another one: `listeners` below say what an event of one means to the others.
speak();
mountLanguageMenu(find('.language-menu'), { words, announce });
const masthead = mountMasthead(find('.masthead'), { storage, page });
const confirm = mountConfirmation(find('.confirmation'));
const removal = createRemoval({ api, tokens, words, announce, confirm, page });
const reducedData = Boolean(navigator.connection?.saveData) || window.matchMedia('(prefers-reduced-data: reduce)').matches;
const reducedMotion = reducedData || window.matchMedia('(prefers-reduced-motion: reduce)').matches;
const carrousel = mountCarrousel(find('.carrousel'), { clock, words, pictures, feed, newImage: imageFor, reducedData, reducedMotion, page, window });
const card = {
  template: find('#message-template'),
  pictures,
  words,
  clock,
  room: measureRoom(find('.board__read')),
  reducedMotion,
  moderate: (article, message) => later.moderation?.dress(article, message),
  stateOf: (id) => ({
    ...removal.stateOf(id),
    isModerated: Boolean(later.moderation?.token),
    contactUrl: board?.contactUrl ?? null,
    isAddressed: window.location.hash === `#${id}`,
  }),
};
const messages = mountMessages(find('.messages'), { pagination, feed, card, words, announce, window });
const composer = mountComposer(find('.composer'), { composition, submission, words, announce, page, objectUrls: URL });
const scrollRestoration = createScrollRestoration({ storage: tabStorage, cards: messages.cards, window });
const carrouselPoller = createPoller({ run: refreshCarrousel, activity, clock });
const messagesPoller = createPoller({ run: refreshMessages, activity, clock, onPaused: messages.setPaused });

const listeners = {
  'language-changed': () => [speak(), update()],
  'moderator-changed': update,
  'posting-changed': loadBoard,
  'removal-changed': update,
  'refresh-wanted': messagesPoller.now,
  'delete-wanted': removal.remove,
  'message-opened': openPicture,
  'go-to-message': messages.goTo,
  'picture-dialog-toggled': updateCarrousel,
  'all-pictures-wanted': () => {
    wantsAllPictures = true;
    void carrouselPoller.now();
  },
  'messages-updated': () => [updateCarrousel(), later.permalink?.update()],
  'message-posted': async ({ message: { deleteToken, ...message }, notice }) => {
    tokens.keep(message.id, deleteToken);
    if (message.status) {
      // Posting may be reviewed only since a moment ago.
      void loadBoard();
      return (await loadHeld())?.add(message, composition.posted, notice);
    }
    messages.addOwn(message, notice);
    if (message.picture) carrouselPoller.hurry();
  },
  'message-shown': (message) => {
    // Further down it is found in its place.
    if (feed.next === null || message.id > feed.next) feed.add(message);
    messages.update();
    if (message.picture) carrouselPoller.hurry();
  },
  'message-removed': ({ id, picture }) => {
    later.held?.removed(id);
    messages.removed(id);
    later.permalink?.removed(id);
    if (picture) carrouselPoller.hurry();
  },
  'messages-changed': () => {
    void messages.reload();
    carrouselPoller.hurry();
  },
};
for (const [type, listener] of Object.entries(listeners)) page.addEventListener(type, ({ detail }) => listener(detail));
pagination.addEventListener('refreshed', ({ detail }) => later.held?.look(detail));
pagination.addEventListener('refreshed', ({ detail }) => (detail.wasLost ? pictures.tryAgain() : pictures.tryAgainInTime()));
page.addEventListener('visibilitychange', () => activity.isHidden() || pictures.tryAgain());
// Whoever is at a picture or a link may follow it next.
for (const type of ['pointerover', 'focusin']) {
  page.addEventListener(type, ({ target }) => {
    if (target.closest?.('.message__picture')) void loadPictureDialog();
    else if (target.closest?.('[href^="#"]')) void loadPermalink();
  });
}
window.addEventListener('hashchange', () => {
  update();
  void loadModeration();
  if (!later.permalink) void followLink();
});
window.addEventListener('online', () => {
  pictures.tryAgain();
  void messagesPoller.now();
});
void start();

async function start() {
  void loadModeration();
  if (storage.get('held')) void loadHeld();
  if (window.location.hash) void loadPermalink();
  void composition.restore(() => submission.settled);
  void carrouselPoller.now();
  await messagesPoller.now();
  const saved = scrollRestoration.saved();
  if (saved) {
    // What cannot be brought back now comes as the viewer goes down.
    await pagination.fillDownTo(saved.id).catch(() => {});
    scrollRestoration.restore(saved);
  }
  void import('./offline.js').then(({ keepForOffline }) => keepForOffline({ words, window })).catch(() => {});
  if (!saved || !feed.has(window.location.hash.slice(1))) await followLink();
}

function update() {
  messages.update();
  composer.update();
  later['picture-dialog']?.update();
  later.held?.update();
  later.moderation?.update();
}

function updateCarrousel() {
  carrousel.setObscured(find('.picture-dialog').open || messagesPoller.isPaused);
}

/** Only for those who moderate, or want to. */
async function loadModeration() {
  if (!tabStorage.get('moderator-token') && !storage.get('moderator') && window.location.hash !== '#moderate') return;
  await load('moderation', { api, feed, removal, storage, tabStorage, activity, announce, confirm, clock, words, window });
  update();
}

/** Only for those of whom something waits for a moderator. */
function loadHeld() {
  return load('held', { api, feed, card, storage, announce, clock, words, window });
}

function loadPermalink() {
  return load('permalink', { api, feed, card, clock, words, window });
}

async function followLink() {
  if (!window.location.hash) return;
  await (await loadPermalink())?.follow();
}

function loadPictureDialog() {
  return load('picture-dialog', { feed, pictures, reducedMotion, words, clock, window });
}

async function openPicture(message) {
  const dialog = await loadPictureDialog();
  if (dialog) dialog.open(message);
  // By itself then, as to those who have no scripts.
  else window.location.assign(message.picture.url);
}

/** Mounts a component that is wanted only now, once, at the element of its name where there is one; undefined where it does not come. */
function load(name, needs) {
  coming[name] ??= import(`./${name}.js`).then(
    async (module) => (later[name] = await module.mount(find(`.${name}`), needs)),
    () => void delete coming[name],
  );
  return coming[name];
}

/** How large a picture can be in `element`, as style.css has it. */
function measureRoom(element) {
  const room = {};
  const measure = () => Object.assign(room, { width: element.clientWidth - 2, height: 0.8 * window.innerHeight });
  measure();
  new ResizeObserver(measure).observe(element);
  return () => room;
}

/** Puts the viewer's language into what stands in the page itself. */
function speak() {
  const root = page.documentElement;
  root.lang = words.language;
  root.dir = words.direction;
  words.fill(page);
  root.classList.add('is-ready');
}

async function refreshMessages() {
  await Promise.all([messages.refresh(), board ?? loadBoard()]);
}

async function loadBoard() {
  try {
    board = await api.board();
  } catch {
    // Asked again with the next refresh; the page works without.
    return masthead.setBoard(null);
  }
  masthead.setBoard(board);
  composition.setBoard(board);
  messages.update();
}

async function refreshCarrousel() {
  try {
    const all = wantsAllPictures;
    const list = await api.carrouselIfChanged({ all });
    if (list || all) carrousel.setPictures(list, { all });
  } catch {
    // The pictures shown stay as they are until the next refresh.
  }
}

/** For idempotency keys and slots. `crypto.randomUUID` is missing where the page does not come over https. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
