// The cards of the messages: shows those of the feed that are near the screen, where wall.js hangs them, and holds still
// what is read.

import { createCards } from './cards.js';
import { createWall } from './wall.js';

/** So many messages are all in the page, to be found there; of more, those that are near the screen. */
const ALL = 200;
/** How many cards are made before those that are far away are let go again. */
const BATCH = 50;

/** @param ruler an element that is as wide as the list, and whose height is always the same */
export function mountMessageList(list, { ruler, feed, card, window }) {
  const wall = createWall(list, { layout: card.layout, window });
  const cards = createCards(list, { feed, card, width: () => wall.width, onHeights, window });
  /** The message that something leads to. */
  let wanted = null;
  let isPlanned = false;
  /** Where who changed the layout last was brought to. */
  let switched = null;

  /** Brings the cards in line with the feed, touching only what is different. */
  function update() {
    const { messages } = feed;
    const { masonry } = wall;
    const known = new Set(messages.map(({ id }) => id));
    for (const id of masonry.ids.filter((one) => !known.has(one))) {
      cards.drop(id);
      // What is above the screen leaves its place empty: nothing that is read moves.
      masonry.remove(id, { isKept: wall.isPassed(masonry.get(id)) });
    }
    const fresh = messages.filter(({ id }) => !masonry.has(id));
    const last = messages[messages.length - fresh.length - 1]?.id;
    if (last === undefined || fresh.every(({ id }) => id < last)) append(fresh);
    else comeIn(fresh);
    show();
    cards.update();
  }

  /** Hangs messages below all others, which stay where they are. */
  function append(messages) {
    for (let at = 0; at < messages.length; at += BATCH) {
      const batch = messages.slice(at, at + BATCH);
      for (const message of batch) cards.make(message);
      for (const { id } of batch) wall.masonry.add(id, cards.heightOf(id));
      show();
    }
  }

  /** Hangs new messages where they belong, and all others anew; those that are seen glide there. */
  function comeIn(fresh) {
    const at = wall.anchor();
    const before = new Map(cards.all().map(([id, { item }]) => [id, item.getBoundingClientRect()]));
    for (const message of fresh) cards.make(message);
    hang((id) => wall.masonry.get(id)?.height ?? cards.heightOf(id));
    if (at) wall.bring(at);
    if (card.reducedMotion || before.size === 0) return;
    for (const [id, { item }] of cards.all()) glide(item, before.get(id), window);
  }

  function hang(heightOf) {
    wall.hang(feed.messages.map(({ id }) => id), heightOf);
    wall.arrange(cards.all());
  }

  /** Has the cards in the page that are near the screen, in their order, and lets go of the others. */
  function show() {
    isPlanned = false;
    const { messages } = feed;
    const isNear = wall.nearness();
    const focused = window.document.activeElement?.closest?.('.message')?.id;
    let index = 0;
    for (const message of messages) {
      const { id } = message;
      const place = wall.masonry.get(id);
      if (!place) continue;
      if (messages.length > ALL && id !== wanted && id !== focused && !isNear(place)) {
        cards.drop(id);
        continue;
      }
      const { item } = cards.get(id) ?? cards.make(message);
      if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
      index += 1;
    }
    wall.arrange(cards.all());
  }

  function onHeights(ids) {
    const at = wall.anchor();
    const changed = ids.filter((id) => wall.masonry.setHeight(id, cards.heightOf(id)));
    if (changed.length > 0) wall.arrange(cards.all());
    if (changed.length > 0 && at) wall.bring(at);
  }

  /** Fits the cards into another width or layout. What is far away is as high as it was, until it is near. */
  function reshape({ anew = false, at = anchor() } = {}) {
    const before = wall.masonry;
    const widened = wall.reshape() ?? (anew ? 1 : null);
    if (widened === null) return;
    if (anew) for (const [id] of cards.all()) cards.drop(id);
    const { messages } = feed;
    if (messages.length <= ALL) for (const message of messages) if (!cards.has(message.id)) cards.make(message);
    hang((id) => cards.heightOf(id) ?? (before.get(id)?.height ?? wall.width) * widened);
    if (at) bring(at);
    show();
  }

  /** What is read, as wall.js has it, and whether all of it is. */
  function anchor() {
    const at = wall.anchor();
    return at && { ...at, isUnfolded: cards.isUnfolded(at.id) };
  }

  function bring(at) {
    if (at.isUnfolded) get(at.id)?.folding.unfold();
    wall.bring(at);
  }

  /** The card of a message, near or far. */
  function get(id) {
    if (!wall.masonry.has(id)) return undefined;
    wanted = id;
    if (!cards.has(id)) show();
    return cards.get(id);
  }

  function plan() {
    if (!isPlanned && feed.messages.length > ALL) isPlanned = window.requestAnimationFrame(show) > 0;
  }

  reshape();
  new window.ResizeObserver(() => reshape()).observe(ruler);
  window.addEventListener('scroll', plan, { passive: true });

  return {
    update,
    get,
    anchor,
    bring,
    /** Shows the other layout at the same place: what was at the top is, and from its beginning. */
    relayout() {
      const isThere = switched && wall.masonry.has(switched.id) && Math.abs(wall.topOf(switched.id) - switched.top) < 2;
      const at = isThere ? switched : anchor();
      switched = at && { ...at, top: Math.max(at.top, 16) };
      reshape({ anew: true, at: switched });
    },
    /** Whether somebody reads it: then nothing new may push it down. */
    isRead: () => window.scrollY > 0 || list.contains(window.document.activeElement),
  };
}

/** Lets a card come from where it was, or from a little above where it is new. */
function glide(item, before, { innerHeight }) {
  const now = item.getBoundingClientRect();
  if (now.top > innerHeight) return;
  if (!before) return void item.animate([{ opacity: 0, transform: 'translateY(-8px)' }, {}], { duration: 320, easing: 'cubic-bezier(.2,.8,.2,1)' });
  const [x, y] = [before.left - now.left, before.top - now.top];
  if (x || y) item.animate([{ transform: `translate(${x}px,${y}px)` }, {}], { duration: 240, easing: 'ease-out' });
}
