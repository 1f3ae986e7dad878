// Puts the page together: makes what the components need, and mounts them.

import { createApi, uploadWithProgress } from './api.js';
import { createActivity } from './activity.js';
import { mountCarrousel } from './carrousel.js';
import { mountComposer } from './composer.js';
import { mountConfirmation } from './confirmation.js';
import { createStorage } from './storage.js';
import { createDrafts } from './drafts.js';
import { Feed } from './feed.js';
import { mountLanguageMenu } from './language-menu.js';
import { mountPermalink } from './permalink.js';
import { mountMessages } from './messages.js';
import { mountModeration } from './moderation.js';
import { createPictures } from './picture.js';
import { mountPictureDialog } from './picture-dialog.js';
import { createScrollRestoration } from './scroll-restoration.js';
import { createPoller } from './poller.js';
import { explainToken } from './problems.js';
import { createRemoval } from './removal.js';
import { createDeleteTokens } from './delete-tokens.js';
import { dictionary, language } from './viewer-language.js';
import { createWords } from './words.js';

const find = (selector) => document.querySelector(selector);
const clock = {
  now: () => Date.now(),
  setTimeout: window.setTimeout.bind(window),
  clearTimeout: window.clearTimeout.bind(window),
};
const storage = createStorage(() => window.localStorage);
const tabStorage = createStorage(() => window.sessionStorage);
const words = createWords({ language, dictionary: await dictionary, preferred: navigator.languages, storage });
const api = createApi({
  fetch: window.fetch.bind(window),
  upload: uploadWithProgress,
  base: find('meta[name="api-base"]').content,
});
const feed = new Feed();
const tokens = createDeleteTokens(storage);
const images = createPictures({ words, clock });
const activity = createActivity({ page: document, clock });
let board = null;

speak();
if (storage.get('board-name')) setName(storage.get('board-name'));

const moderation = mountModeration({
  bar: find('.moderation-bar'),
  dialog: find('.moderation'),
  storage: tabStorage,
  refusalOf: (token) => api.checkModerator(token).then(() => [], explainToken),
  words,
  onChange: () => update(),
  window,
});

const removal = createRemoval({
  api,
  tokens,
  moderation,
  words,
  announce,
  confirm: mountConfirmation(find('.confirmation')),
  onChange: () => update(),
  onRemoved({ id, picture }) {
    messages.removed(id);
    permalink.removed(id);
    if (picture) pictures.hurry();
  },
  onSenderRemoved({ id }) {
    permalink.removed(id);
    messages.reload();
    pictures.hurry();
  },
});

// Every byte counts for this viewer.
const saving = Boolean(navigator.connection?.saveData) || window.matchMedia('(prefers-reduced-data: reduce)').matches;
const carrousel = mountCarrousel(find('.carrousel'), {
  clock,
  words,
  pictures: images,
  messageWith: (url) => feed.messages.find(({ picture }) => picture?.url === url) ?? null,
  still: saving || window.matchMedia('(prefers-reduced-motion: reduce)').matches,
  sparing: saving,
  page: document,
  isLeft: () => pictureDialog.isOpen || news.isPaused,
});

const pictureDialog = mountPictureDialog(find('.picture-dialog'), {
  all: () => feed.messages.filter(({ picture }) => picture),
  pictures: images,
  words,
  clock,
  history: window.history,
  window,
  onChange: () => carrousel.update(),
});

const card = {
  template: find('#message-template'),
  pictures: images,
  words,
  clock,
  on: { delete: removal.remove, removeSender: removal.removeSender, open: pictureDialog.open },
  stateOf: (id) => ({
    ...removal.stateOf(id),
    contactUrl: board?.contactUrl ?? null,
    isAddressed: window.location.hash === `#${id}`,
  }),
};

const messages = mountMessages(find('.messages'), {
  api,
  feed,
  card,
  clock,
  words,
  announce,
  window,
  onChange: () => [carrousel, permalink].forEach((component) => component.update()),
  onWanted: () => news.now(),
  onRefreshed: ({ wasLost }) => (wasLost ? images.tryAgain() : images.tryAgainInTime()),
});

const permalink = mountPermalink(find('.permalink'), { api, feed, card, clock, words, window, goTo: messages.goTo });
const scrollRestoration = createScrollRestoration({ storage: tabStorage, cards: messages.cards, window });

const composer = mountComposer(find('.composer'), {
  post: api.post,
  drafts: createDrafts({ indexedDB: window.indexedDB, locks: navigator.locks, storage: tabStorage, newSlot: randomKey }),
  storage,
  words,
  announce,
  clock,
  newKey: randomKey,
  page: document,
  objectUrls: URL,
  decode: window.createImageBitmap.bind(window),
  onPosted({ deleteToken, ...message }, notice) {
    tokens.keep(message.id, deleteToken);
    messages.addOwn(message, notice);
    if (message.picture) pictures.hurry();
  },
});

const pictures = createPoller({ run: refreshPictures, activity, clock });
const news = createPoller({ run: refreshMessages, activity, clock, onPaused: messages.setPaused });
window.addEventListener('online', () => {
  images.tryAgain();
  news.now();
});
document.addEventListener('visibilitychange', () => activity.isHidden() || images.tryAgain());
window.addEventListener('hashchange', update);
mountLanguageMenu(find('.language-menu'), { words, announce });
document.addEventListener('language-changed', () => {
  speak();
  update();
});
start();

async function start() {
  pictures.now();
  await news.now();
  const saved = scrollRestoration.saved();
  if (saved) {
    // What cannot be brought back now comes as the viewer goes down.
    await messages.fillDownTo(saved.id).catch(() => {});
    scrollRestoration.restore(saved);
  }
  if (!saved || !feed.has(window.location.hash.slice(1))) permalink.follow();
}

function update() {
  messages.update();
  composer.update();
  pictureDialog.update();
}

/** Puts the viewer's language into what stands in the page itself. */
function speak() {
  document.documentElement.lang = words.language;
  document.documentElement.dir = words.direction;
  words.fill(document);
  document.documentElement.classList.add('is-ready');
}

async function refreshMessages() {
  await Promise.all([messages.refresh(), board ?? loadBoard()]);
}

async function loadBoard() {
  try {
    board = await api.board();
  } catch {
    // Asked again with the next refresh; the page works without.
    return setName(storage.get('board-name') ?? 'Corkboard');
  }
  setName(board.name);
  storage.set('board-name', board.name);
  composer.setBoard(board);
  messages.update();
}

function setName(name) {
  const heading = find('.masthead__name');
  heading.firstElementChild.textContent = name;
  // Chinese characters are twice as wide.
  heading.classList.toggle('is-long', name.replace(/[^\x00-\u2e7f]/g, 'xx').length > 20);
  heading.classList.remove('is-unknown');
  document.title = name;
}

async function refreshPictures() {
  try {
    const list = await api.carrouselIfChanged();
    if (list) carrousel.setPictures(list);
  } catch {
    // The pictures shown stay as they are until the next refresh.
  }
}

/** Says something to those who do not see it, also where it is what was said last. */
function announce(sentence) {
  const announcer = find('#announcer');
  announcer.textContent = '';
  clock.setTimeout(() => (announcer.textContent = sentence), 100);
}

/** For idempotency keys and slots. `crypto.randomUUID` is missing where the page does not come over https. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
