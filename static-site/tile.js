// One picture of the carrousel: small, and under it whose it is, when it came, and the first words.

import { emit, isForAnotherTab } from './events.js';
import { describe, describeAny } from './picture.js';
import { messageOf, nameOf, postedAt } from './slides.js';
import { moves, movesByName, smallOf, versionsOf } from './small.js';
import { setLanguage } from './text-language.js';
import { shortTime } from './time.js';
import { put } from './words.js';

/** How wide a tile is to its height, at least and at most, and where the picture's own shape is not known. */
const NARROWEST = 1;
const WIDEST = 2;
const USUAL = 1.5;
/** How high a tile is at most, in CSS pixels, as style.css has it. */
const HIGHEST = 106;

/**
 * Emits `picture-opened` with `{ url, message }`, where the message is null unless it is known.
 * @param message answers the message that the picture was posted with, or null where it is not known
 */
export function createTile(url, { message, pictures, newImage, reducedMotion, words, clock }) {
  const item = document.createElement('li');
  item.className = 'carrousel__tile';
  const frame = document.createElement('a');
  frame.className = 'carrousel__frame';
  const [said, line, first] = ['span', 'span', 'span'].map((tag) => document.createElement(tag));
  said.className = 'carrousel__words';
  said.setAttribute('aria-hidden', 'true');
  const [name, when] = ['bdi', 'span'].map((tag) => document.createElement(tag));
  line.append(name, ' ', when);
  first.dir = 'auto';
  said.append(line, first);
  const image = newImage(url);
  // Tiles are loaded after the pictures of the messages, whose first one is the largest thing on the screen.
  Object.assign(image, { decoding: 'async', loading: 'lazy', fetchPriority: 'low' });
  const id = messageOf(url);
  const known = message(url)?.picture;
  const ratio = known ? Math.min(WIDEST, Math.max(NARROWEST, known.width / known.height)) : USUAL;
  item.style.setProperty('--ratio', ratio);
  frame.href = url;
  // A picture that the operator put there by hand has no message.
  if (!id) item.dataset.operators = url;
  frame.append(image);
  item.append(frame, said);
  /** What is shown now: most updates change nothing. */
  let shown = '';
  pictures.watch(image, update);
  pictures.ask(image, { url, versions: known ? versionsOf(known) : smallOf(url), width: ratio * HIGHEST });
  const isMoving = known ? moves(known) : movesByName(url);
  if (isMoving) import('./still.js').then(({ holdStill }) => holdStill(image, frame, { reducedMotion })).catch(() => {});

  function open(event) {
    if (isForAnotherTab(event)) return;
    event.preventDefault();
    emit(item, 'picture-opened', { url, message: message(url) });
  }

  function update() {
    const of = message(url);
    const since = of ? new Date(of.createdAt) : id && postedAt(id);
    const description = describeAny(url, of, { words, clock });
    const time = since ? shortTime(since, clock.now(), words) : nameOf(url);
    const isBroken = pictures.isBroken(image);
    const seen = JSON.stringify([of?.id, description, time, isBroken, words.language]);
    if (seen === shown) return;
    shown = seen;
    frame.classList.toggle('is-broken', isBroken);
    describe(image, description, words);
    put(name, of ? (of.author ?? words.say('message.anonymous')) : '');
    put(when, time);
    put(first, isBroken ? words.say('picture.broken') : (of?.text ?? '').slice(0, 80));
    for (const written of [name, first]) setLanguage(written, words.languages);
  }

  frame.addEventListener('click', open);
  update();
  return { item, update };
}
