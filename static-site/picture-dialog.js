// The pictures of the board, each as large as the screen allows, and what is known of it. One swipes from one to the
// next. Loaded when the first one is about to be opened.

import { addStyle } from './add-style.js';
import { emit, isForAnotherTab } from './events.js';
import { leaveOverlays, openOverlay } from './overlays.js';
import { createPicturePage } from './picture-page.js';
import { createPictureSheet } from './picture-sheet.js';
import { createPictureTrack } from './picture-track.js';
import { listenToKeys } from './picture-keys.js';
import { describeAny } from './picture.js';
import { messageOf } from './slides.js';
import { grow } from './view-transition.js';
import { Viewing } from './viewing.js';
import { put } from './words.js';

/** How many pictures before the end of those that are known all pictures are asked for. */
const AHEAD = 2;

const icon = (path) => `<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
const MARKUP = `
  <div class="picture-dialog__bar">
    <button class="picture-dialog__button picture-dialog__close" type="button" data-say-label="picture.close">${icon('M6 6l12 12M18 6L6 18')}</button>
    <button class="picture-dialog__count" type="button" aria-haspopup="dialog"></button>
    <button class="picture-dialog__button picture-dialog__play" type="button" hidden>${icon('M8 5v14M16 5v14')}${icon('M8 5l11 7-11 7z')}</button>
    <a class="picture-dialog__button picture-dialog__save" download data-say-label="picture.save">${icon('M12 4v11M7 10.5l5 5 5-5M4 20h16')}</a>
  </div>
  <div class="picture-dialog__track"></div>
  <button class="picture-dialog__button picture-dialog__previous" type="button" data-say-label="picture.previous">${icon('M15 5l-7 7 7 7')}</button>
  <button class="picture-dialog__button picture-dialog__next" type="button" data-say-label="picture.next">${icon('M9 5l7 7-7 7')}</button>
  <div class="picture-dialog__sheet">
    <div class="picture-dialog__head"></div>
    <div class="picture-dialog__body"></div>
    <div class="picture-dialog__acts">
      <a class="button picture-dialog__link" data-say="picture.on-board"></a>
      <button class="button picture-dialog__share" type="button">${icon('M12 15V4M8 7.5L12 3.5l4 4M7 11H5v9h14v-9h-2')}<span data-say="message.share"></span></button>
    </div>
  </div>
  <p class="visually-hidden picture-dialog__said" role="status"></p>`;

/**
 * Emits `picture-shown` with the picture's address, or null when it is closed; `all-pictures` with that address;
 * `all-pictures-wanted`, and `go-to-message`.
 * @param gallery the addresses of the board's pictures, newest first, and whether these are all
 * @param reducedMotion whether what moves waits for the viewer to say so
 */
export async function mount(_, { api, feed, gallery, pictures, reducedMotion, words, clock, window }) {
  const { document } = window;
  await addStyle(document, 'picture-dialog.css');
  const dialog = Object.assign(document.createElement('dialog'), { className: 'picture-dialog', innerHTML: MARKUP });
  document.body.append(dialog);
  const find = (part) => dialog.querySelector(`.picture-dialog__${part}`);
  const play = find('play');
  const viewing = new Viewing();
  const sheet = createPictureSheet(find('sheet'), { words, document });
  const known = createMessages({ api, feed });
  const track = createPictureTrack(find('track'), {
    viewing,
    newPage: (url) => createPicturePage(url, { pictures, gestures: { onPull: pull, onBeside: () => void close() }, window }),
    contentOf,
    onSwipe: (index) => go(index, { isSwiped: true }),
  });
  const { page } = track;
  let playing = false;
  /** The image that the picture grew from. */
  let opener = null;

  function update(how) {
    if (!dialog.open) return;
    viewing.take([gallery.urls, feed.messages.flatMap(({ picture }) => picture?.url ?? [])]);
    const { url, urls, index } = viewing;
    if (url === null) return dialog.close();
    words.fill(dialog);
    dialog.setAttribute('aria-label', words.say('picture.dialog'));
    const hadFocus = dialog.contains(document.activeElement);
    track.update(how);
    // The picture that is gone had the keyboard focus.
    if (hadFocus && !dialog.contains(document.activeElement)) focus();
    const isWhole = gallery.isWhole || urls.length === 1;
    put(find('count'), words.say(isWhole ? 'picture.position' : 'picture.position-or-more', { number: index + 1, total: urls.length }));
    find('save').href = url;
    play.hidden = !page().isMoving;
    play.classList.toggle('is-playing', playing);
    play.setAttribute('aria-label', words.say(playing ? 'picture.pause' : 'picture.play'));
    find('previous').setAttribute('aria-disabled', String(index === 0));
    find('next').setAttribute('aria-disabled', String(index === urls.length - 1));
    sheet.update(url, known.of(url));
  }

  function contentOf(url) {
    const message = known.of(url);
    return { picture: message?.picture ?? null, description: describeAny(url, message, { words, clock }), moving: url === viewing.url && playing };
  }

  function go(index, how) {
    const hadFocus = page()?.stage.contains(document.activeElement);
    if (!viewing.go(index)) return;
    playing = !reducedMotion;
    update(how);
    if (hadFocus) focus();
    put(find('said'), `${find('count').textContent}: ${page().image.alt}`);
    tell();
  }

  /** A picture that is larger than the screen gets the keyboard. */
  function focus() {
    const { stage, isScrolled } = page();
    (isScrolled ? stage : find('close')).focus({ preventScroll: true });
  }

  function tell() {
    emit(dialog, 'picture-shown', viewing.url);
    if (!gallery.isWhole && viewing.index >= viewing.urls.length - AHEAD) emit(dialog, 'all-pictures-wanted');
    void known.fetch(viewing.url).then(update);
  }

  /**
   * @param thumbnail the image from which the picture grows, or null
   * @param message what it was posted with, where that is known
   */
  async function open(url, thumbnail, message) {
    if (message) known.add(message);
    if (!dialog.open) opener = thumbnail;
    await grow(reducedMotion || dialog.open ? null : thumbnail, () => page().image, () => {
      viewing.show(url);
      playing = !reducedMotion;
      if (!dialog.open) openOverlay(dialog);
      update();
      focus();
      tell();
    }, { clock, document });
  }

  /** The picture goes back to what shows it on the page, where that is seen. */
  async function close() {
    const thumbnail = reducedMotion ? null : thumbnailOf(viewing.url, { opener, document });
    await grow(thumbnail && page().image, () => thumbnail, () => dialog.close(), { clock, document });
  }

  function pull(by, { isEnd }) {
    dialog.classList.toggle('is-pulled', !isEnd);
    dialog.style.setProperty('--pull', by);
    if (isEnd && by > 0) dialog.close();
  }

  function goToMessage(event) {
    if (isForAnotherTab(event)) return;
    event.preventDefault();
    const id = event.currentTarget.hash.slice(1);
    leaveOverlays(() => {
      if (window.location.hash.slice(1) === id) emit(dialog, 'go-to-message', id);
      else window.location.hash = id;
    });
  }

  const step = (by) => go(viewing.index + by);
  listenToKeys(dialog, { page, go, last: () => viewing.urls.length - 1, step });
  window.visualViewport?.addEventListener('resize', () => page()?.look());
  play.addEventListener('click', () => {
    playing = !playing;
    update();
  });
  find('previous').addEventListener('click', () => step(-1));
  find('next').addEventListener('click', () => step(1));
  find('close').addEventListener('click', close);
  find('count').addEventListener('click', () => emit(dialog, 'all-pictures', viewing.url));
  find('link').addEventListener('click', goToMessage);
  dialog.addEventListener('close', () => {
    viewing.show(null);
    dialog.style.setProperty('--pull', 0);
    track.clear();
    emit(dialog, 'picture-shown', null);
  });

  return { open, update };
}

/** The messages of pictures: those of the feed, and others, of which somebody tells, or which are fetched. */
function createMessages({ api, feed }) {
  /** Messages by the addresses of their pictures; null for a picture without a message. */
  const others = new Map();
  const of = (url) => feed.withPicture(url) ?? others.get(url) ?? null;
  return {
    of,
    add: (message) => others.set(message.picture.url, message),
    async fetch(url) {
      const id = messageOf(url);
      if (!id || of(url) || others.has(url)) return;
      try {
        others.set(url, await api.message(id));
      } catch ({ status }) {
        // After any other failure the message is asked for again the next time.
        if (status === 404) others.set(url, null);
      }
    },
  };
}

/** What shows a picture below the dialog where it is seen now: what it was opened from, else the largest; or undefined. */
function thumbnailOf(url, { opener, document }) {
  const below = [...document.querySelectorAll('dialog[open]:not(.picture-dialog)')].at(-1) ?? document.body;
  const seen = [...below.querySelectorAll('img')].filter((image) => {
    const { top, bottom } = image.getBoundingClientRect();
    return image.getAttribute('src') === url && !image.closest('.picture-dialog') && image.checkVisibility() && bottom > 0 && top < window.innerHeight;
  });
  return seen.find((image) => image === opener) ?? seen.toSorted((one, other) => other.clientWidth - one.clientWidth)[0];
}
