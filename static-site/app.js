// Puts the page together: makes what the components need, and mounts them.

import { createApi } from './api.js';
import { mountCarrousel } from './carrousel.js';
import { mountComposer } from './composer.js';
import { mountConfirmation } from './confirmation.js';
import { Feed } from './feed.js';
import { mountMessages } from './messages.js';
import { createPoller } from './poller.js';
import { createTokens } from './tokens.js';

const REFRESH_EVERY_MS = 5_000;

const find = (selector) => document.querySelector(selector);
const clock = { setTimeout: window.setTimeout.bind(window), clearTimeout: window.clearTimeout.bind(window) };
const api = createApi({ fetch: window.fetch.bind(window), base: find('meta[name="api-base"]').content });
const feed = new Feed();
const tokens = createTokens(deviceStorage());

const carrousel = mountCarrousel(find('.carrousel'), {
  clock,
  describe: (url) => feed.messages.find(({ picture }) => picture?.url === url)?.picture.alt ?? null,
  still: window.matchMedia('(prefers-reduced-motion: reduce)').matches,
});

const messages = mountMessages(find('.messages'), {
  api,
  feed,
  tokens,
  template: find('#message-template'),
  confirm: mountConfirmation(find('.confirmation')),
  announce,
  onChange: carrousel.update,
  onDeleted: ({ picture }) => picture && pictures.hurry(),
});

const composer = mountComposer(find('.composer'), {
  objectUrls: URL,
  post: api.post,
  onPosted({ deleteToken, ...message }) {
    tokens.keep(message.id, deleteToken);
    messages.addOwn(message);
    if (message.picture) pictures.hurry();
  },
});

let board = null;
const pictures = createPoller({ run: refreshPictures, everyMs: REFRESH_EVERY_MS, clock, page: document });
const news = createPoller({ run: refreshMessages, everyMs: REFRESH_EVERY_MS, clock, page: document });
pictures.now();
news.now();

async function refreshMessages() {
  await Promise.all([messages.refresh(), board ?? loadBoard()]);
}

async function loadBoard() {
  try {
    board = await api.board();
  } catch {
    return; // Asked again with the next refresh; the page works without.
  }
  find('.masthead__name bdi').textContent = board.name;
  document.title = board.name;
  composer.setBoard(board);
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
function announce(words) {
  const announcer = find('#announcer');
  announcer.textContent = '';
  clock.setTimeout(() => (announcer.textContent = words), 100);
}

/** The device's storage, or null where the browser denies it. */
function deviceStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
