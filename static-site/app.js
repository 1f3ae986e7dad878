// Puts the page together: makes what the components need, mounts them, and hears of what happens in them.

import { createActivity } from './activity.js';
import { mountAnnouncer } from './announcer.js';
import { createApi, uploadWithProgress } from './api.js';
import { mountBlankNote } from './blank-note.js';
import { mountCarrousel } from './carrousel.js';
import { mountConfirmation } from './confirmation.js';
import { createDeleteTokens } from './delete-tokens.js';
import { Feed } from './feed.js';
import { listenForFiles } from './file-drop.js';
import { AS_PRELOADED, answered, imageFor } from './first-picture.js';
import { afterFirstPicture } from './frames.js';
import { heldEntry, keepHeld } from './held-entries.js';
import { mountLanguageMenu } from './language-menu.js';
import { mountLayoutSwitch } from './layout-switch.js';
import { mountMasthead } from './masthead.js';
import { closeMenus } from './menus.js';
import { mountMessages } from './messages.js';
import { Pagination } from './pagination.js';
import { createPictures } from './picture.js';
import { createPoller } from './poller.js';
import { createRemoval } from './removal.js';
import { createScrollRestoration } from './scroll-restoration.js';
import { NEWEST } from './slides.js';
import { createStorage } from './storage.js';
import { dictionary, language } from './viewer-language.js';
import { createVisit } from './visit.js';
import { roomIn } from './wall.js';
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
const base = find('meta[name="api-base"]').content;
const api = createApi({
  fetch: (path, options) => answered(path) ?? window.fetch(path, options),
  upload: uploadWithProgress,
  base,
  preloaded: AS_PRELOADED,
});

// What the page knows, and what it does about it.
const feed = new Feed();
const pagination = new Pagination({ api, feed, clock });
const tokens = createDeleteTokens(storage);
const pictures = createPictures({ words, clock });
const activity = createActivity({ page, clock });
const announce = mountAnnouncer(find('#announcer'), { words, clock });
const visit = createVisit({ storage, tabStorage });
let board = null;
let draft = null;
/** The addresses of the board's pictures, newest first, and whether these are all. */
const gallery = { urls: [], isWhole: false };
let wantsAllPictures = false;
/** What was posted and waits for a moderator, with its picture, as long as the module that shows it has not come. */
const unhung = [];

// Components that come when they are wanted: those that are on their way, and those that are there.
const coming = {};
const later = {};

// The components. None holds another one: `listeners` below say what an event of one means to the others.
speak();
mountLanguageMenu(find('.language-menu'), { words, announce });
const masthead = mountMasthead(find('.masthead'), { storage, words, page });
const layoutSwitch = mountLayoutSwitch(find('.layout-switch'), { storage, window });
showLayout();
const blankNote = mountBlankNote(find('.blank-note'), { words });
const confirm = mountConfirmation(find('.confirmation'));
const removal = createRemoval({ api, tokens, words, announce, confirm, page });
const reducedData = Boolean(navigator.connection?.saveData) || window.matchMedia('(prefers-reduced-data: reduce)').matches;
const reducedMotion = reducedData || window.matchMedia('(prefers-reduced-motion: reduce)').matches;
const carrousel = mountCarrousel(find('.carrousel'), { clock, words, pictures, feed, newImage: imageFor, reducedMotion, storage });
const card = {
  template: find('#message-template'),
  pictures,
  words,
  clock,
  layout: () => layoutSwitch.layout,
  room: () => roomIn(find('.messages')),
  reducedMotion,
  moderate: (article, message) => later.moderation?.dress(article, message),
  stateOf(id) {
    const state = removal.stateOf(id);
    return {
      ...state,
      isModerated: Boolean(later.moderation?.token),
      contactUrl: board?.contactUrl ?? null,
      isAddressed: window.location.hash === `#${id}`,
      isNew: visit.isNew(id) && !state.mayDelete,
    };
  },
};
const messages = mountMessages(find('.messages'), { pagination, feed, card, words, announce, window });
const scrollRestoration = createScrollRestoration({ storage: tabStorage, place: messages.anchor, window });
const carrouselPoller = createPoller({ run: refreshCarrousel, activity, clock });
const messagesPoller = createPoller({ run: refreshMessages, activity, clock, onPaused: messages.setPaused });

const listeners = {
  'language-changed': () => [speak(), update()],
  'moderator-changed': update,
  'posting-changed': loadBoard,
  'removal-changed': update,
  'refresh-wanted': messagesPoller.now,
  'delete-wanted': removal.remove,
  'message-opened': (message, target) => openPicture(message.picture.url, target, message),
  'go-to-message': messages.goTo,
  'picture-opened': ({ url, message }, target) => openPicture(url, target, message),
  'all-pictures': openAllPictures,
  'share-wanted': async ({ id }) => {
    const modules = await Promise.all([import('./share.js'), import('./toast.js')]).catch(() => null);
    if (!modules) return sayThatItFailed();
    const [{ share }, { toast }] = modules;
    toast(words.sayAll(await share(id, { base, document: page, navigator })), { clock, document: page });
  },
  'layout-changed': () => [showLayout(), messages.relayout(), later.held?.relayout()],
  'composer-wanted': (wish) => withComposer((composer) => composer.open(wish)),
  'draft-changed': (changed) => {
    draft = changed;
    if (draft) storage.set('draft', 'kept');
    else storage.drop('draft');
    updateBlankNote();
  },
  'all-pictures-wanted': () => {
    wantsAllPictures = true;
    void carrouselPoller.now();
  },
  'messages-updated': () => [carrousel.update(), later.permalink?.update(), updatePictures()],
  'message-posted': async ({ message: { deleteToken, ...message }, draft: posted, notice }) => {
    tokens.keep(message.id, deleteToken);
    if (message.status) {
      // Posting may be reviewed only since a moment ago.
      void loadBoard();
      const entry = heldEntry(message, posted, clock.now());
      keepHeld(storage, entry);
      unhung.push({ entry, picture: posted.picture, notice });
      await hangHeld({ isLate: false });
      if (unhung.length === 0) return messages.say(notice);
      const reviewed = [['compose.reviewed'], ...notice];
      announce(reviewed);
      return messages.say(reviewed);
    }
    messages.addOwn(message, notice);
    if (message.picture) carrouselPoller.hurry();
  },
  'message-shown': (message) => {
    // A message that is older than all that is loaded is found in its place further down.
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
for (const [type, listener] of Object.entries(listeners)) page.addEventListener(type, ({ detail, target }) => listener(detail, target));
pagination.addEventListener('refreshed', () => visit.see(feed.messages[0]?.id));
pagination.addEventListener('refreshed', ({ detail }) => (later.held ? later.held.look(detail) : hangHeld()));
pagination.addEventListener('refreshed', () => later.permalink?.tryAgain());
pagination.addEventListener('refreshed', ({ detail }) => (detail.wasLost ? pictures.tryAgain() : pictures.tryAgainInTime()));
page.addEventListener('visibilitychange', () => activity.isHidden() || pictures.tryAgain());
// The pointer or the keyboard is at a picture or a link, which may be followed next: what that needs is loaded.
for (const type of ['pointerover', 'focusin']) {
  page.addEventListener(type, ({ target }) => {
    if (target.closest?.('.message__picture, .carrousel__frame')) void loadPictureDialog();
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
// A viewer who does something may write next, so the composer is loaded.
for (const type of ['pointermove', 'pointerdown', 'keydown', 'dragenter']) page.addEventListener(type, loadComposer, { once: true, passive: true });
listenForFiles(page, {
  // Nothing can be posted now, or nothing of it would be seen.
  isClosed: () => board?.posting === 'closed' || later.composer?.isSending || page.querySelector('dialog[open]:not(.composer)') !== null || page.documentElement.classList.contains('is-reviewing'),
  onDrag: async (isOver) => (await loadComposer())?.setDragged(isOver),
  onFiles: (given) => withComposer((composer) => composer.take(given)),
});
closeMenus(page);
void start();

async function start() {
  void loadModeration();
  void hangHeld();
  if (window.location.hash) void loadPermalink();
  if (storage.get('draft')) void loadComposer();
  void carrouselPoller.now();
  await messagesPoller.now();
  // The carrousel waits until the messages are seen.
  afterFirstPicture(carrousel.setReady, { clock, window });
  const saved = scrollRestoration.saved();
  if (saved) {
    // With all that was on the screen the page is long enough to scroll back. The rest is loaded as the viewer goes
    // down.
    await pagination.fillDownTo(saved.last).catch(() => {});
    messages.bring(saved);
  }
  void import('./offline.js').then(({ keepForOffline }) => keepForOffline({ words, window })).catch(() => {});
  if (!saved || !feed.has(window.location.hash.slice(1))) await followLink({ isBack: saved !== null });
}

function update() {
  masthead.update();
  updateBlankNote();
  messages.update();
  later.composer?.update();
  updatePictures();
  later.held?.update();
  later.moderation?.update();
}

function updatePictures() {
  later['picture-dialog']?.update();
  later['all-pictures']?.update();
}

function updateBlankNote() {
  blankNote.update({ posting: board?.posting, draft });
}

function showLayout() {
  page.documentElement.dataset.layout = layoutSwitch.layout;
}

function loadComposer() {
  return load('composer', { api, board: () => board, storage, tabStorage, clock, words, announce, newKey: randomKey, window });
}

/** Calls `action` with the composer, or says that it did not come. */
async function withComposer(action) {
  const composer = await loadComposer();
  if (composer) action(composer);
  else void sayThatItFailed();
}

/** Loads moderation, for viewers who are signed in as moderators or want to be. */
async function loadModeration() {
  const [, address, code] = /^(#moderate)(?:=(.*))?$/.exec(window.location.hash) ?? [];
  if (!tabStorage.get('moderator') && !storage.get('moderator') && !address) return;
  // Nobody else shall read the code of a sign-in link from the address or the history.
  if (code !== undefined) window.history.replaceState(null, '', address);
  const moderation = await load('moderation', { api, feed, removal, storage, tabStorage, activity, announce, confirm, clock, words, window });
  if (moderation) moderation.follow(code);
  else if (address) {
    // The code of a sign-in link is good for another try.
    if (code !== undefined) window.history.replaceState(null, '', `${address}=${code}`);
    void sayThatItFailed();
  }
  update();
}

/** Hangs what waits for a moderator, for those of whom something does. Tried again with each refresh of the messages. */
async function hangHeld({ isLate = true } = {}) {
  if (unhung.length === 0 && !storage.get('held')) return;
  const held = await load('held', { api, feed, card, storage, announce, clock, words, window });
  if (!held) return;
  for (const posted of unhung.splice(0)) await held.add(posted, { isLate });
  if (isLate) void held.look();
}

function loadPermalink() {
  return load('permalink', { api, feed, card, clock, words, window });
}

async function followLink(how) {
  if (!window.location.hash) return;
  const permalink = await loadPermalink();
  if (permalink) await permalink.follow(how);
  else void sayThatItFailed();
}

function loadPictureDialog() {
  return load('picture-dialog', { api, feed, gallery, pictures, reducedMotion, words, clock, window });
}

/**
 * @param target what the picture is opened from, or is in
 * @param message what it was posted with, where that is known
 */
async function openPicture(url, target, message) {
  const dialog = await loadPictureDialog();
  // Where the dialog does not come, the picture is opened by itself, as without scripts.
  if (!dialog) return window.location.assign(url);
  await dialog.open(url, target.querySelector('a > img, button > img'), message);
}

/** @param url the picture to begin with, where there is one */
async function openAllPictures(url) {
  const allPictures = await load('all-pictures', { feed, gallery, pictures, reducedMotion, words, clock, window });
  if (allPictures) allPictures.open(url ?? null);
  else void sayThatItFailed();
}

/** Says that what was wanted did not come, in an open dialog by a toast. */
async function sayThatItFailed() {
  const sayings = [['advice.reload']];
  const toasts = page.querySelector('dialog:modal') && (await import('./toast.js').catch(() => null));
  if (toasts) return toasts.toast(words.sayAll(sayings), { clock, document: page });
  messages.say(sayings);
  announce(sayings);
}

/** Mounts a component that is wanted only now, once, at the element of its name where there is one; undefined where it does not come. */
function load(name, needs) {
  coming[name] ??= mountLater(name, needs).catch((error) => {
    delete coming[name];
    console.warn(error);
  });
  return coming[name];
}

async function mountLater(name, needs) {
  const { mount } = await import(`./${name}.js`);
  later[name] = await mount(find(`.${name}`), needs);
  return later[name];
}

/** Puts the viewer's language into what stands in the page itself. */
function speak() {
  const root = page.documentElement;
  root.lang = words.language;
  root.dir = words.direction;
  words.fill(page);
  // The cards that are made from now on have the words of this language.
  words.fill(find('#message-template').content);
  root.classList.add('is-ready');
}

async function refreshMessages() {
  await Promise.all([messages.refresh(), board ?? loadBoard()]);
}

async function loadBoard() {
  try {
    board = await api.board();
  } catch {
    // The page works without knowing the board, and asks again with the next refresh.
    return masthead.setBoard(null);
  }
  masthead.setBoard(board);
  later.composer?.setBoard(board);
  updateBlankNote();
  messages.update();
}

async function refreshCarrousel() {
  try {
    const all = wantsAllPictures;
    const list = await api.carrouselIfChanged({ all });
    if (list) gallery.urls = list.map(({ url }) => url).reverse();
    gallery.isWhole = all || gallery.urls.length < NEWEST;
    if (list || all) carrousel.setPictures(list);
    updatePictures();
  } catch {
    // The pictures shown stay as they are until the next refresh.
  }
}

/** A random idempotency key or slot. `crypto.randomUUID` is missing where the page does not come over https. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
