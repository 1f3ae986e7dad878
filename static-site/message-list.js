// The cards of the messages: shows those of the feed, and holds still what is read.

import { createCards } from './cards.js';
import { settle } from './fold.js';
import { ALL, createHanging } from './hanging.js';
import { createWall } from './wall.js';

/**
 * @param ruler an element that is as wide as the list, and whose height depends on no card
 * @param onWhole is told when the cards that came one after the other are there: meanwhile the list is `aria-busy`
 */
export function mountMessageList(list, { ruler, feed, card, onWhole, window }) {
  const wall = createWall(list, { layout: card.layout, window });
  const cards = createCards(list, { feed, card, room: () => wall.room, onHeights, window });
  const hanging = createHanging(list, { feed, clock: card.clock, wall, cards, onWhole, window });
  /** Where the reader was brought to when the layout changed last. */
  let switched = null;

  /** Brings the cards in line with the feed, touching only what is different. */
  function update() {
    const { messages } = feed;
    const { masonry } = wall;
    // Asked before anything is written, since asking afterwards lays the page out once more.
    const view = wall.view();
    const known = new Set(messages.map(({ id }) => id));
    for (const id of masonry.ids.filter((one) => !known.has(one))) {
      cards.drop(id);
      // A card above the screen leaves its place empty, so that nothing that is read moves.
      masonry.remove(id, { isKept: wall.isPassed(masonry.get(id)) });
    }
    const fresh = hanging.rest();
    const last = messages[messages.length - fresh.length - 1]?.id;
    const isBelow = last === undefined || fresh.every(({ id }) => id < last);
    if (!isBelow) comeIn(fresh);
    hanging.append(isBelow ? view : wall.view());
    cards.update();
  }

  /** Hangs new messages where they belong, and all others anew; those that are seen glide there. */
  function comeIn(fresh) {
    const at = wall.anchor();
    const before = new Map(cards.all().map(([id, { item }]) => [id, item.getBoundingClientRect()]));
    settle(fresh.map((message) => cards.make(message).folding));
    hang((id) => wall.masonry.get(id)?.height ?? cards.heightOf(id));
    if (at) wall.bring(at);
    if (card.reducedMotion || before.size === 0) return;
    for (const [id, { item }] of cards.all()) glide(item, before.get(id), window);
  }

  function hang(heightOf) {
    wall.hang(feed.messages.map(({ id }) => id), heightOf);
    wall.arrange(cards.all());
  }

  /** Whether the board is not to be seen: nothing of it has a size then. */
  const isHidden = () => list.clientWidth === 0;

  function onHeights(ids) {
    if (isHidden()) return;
    const at = wall.anchor();
    if (remeasure(ids) && at) wall.bring(at);
  }

  /** Arranges the cards by the heights that these have now. Answers whether one of these is another. */
  function remeasure(ids) {
    const changed = ids.filter((id) => wall.masonry.setHeight(id, cards.heightOf(id)));
    if (changed.length > 0) wall.arrange(cards.all());
    return changed.length > 0;
  }

  /** Fits the cards into another width or layout. What is far away is as high as it was, until it is near. */
  function reshape({ anew = false, at = anchor() } = {}) {
    if (isHidden()) return;
    const before = wall.masonry;
    const widened = wall.reshape() ?? (anew ? 1 : null);
    if (widened === null) return;
    if (anew) for (const [id] of cards.all()) cards.drop(id);
    const { messages } = feed;
    if (messages.length <= ALL) settle(messages.filter(({ id }) => !cards.has(id)).map((message) => cards.make(message).folding));
    hang((id) => cards.heightOf(id) ?? (before.get(id)?.height ?? wall.room.width) * widened);
    if (at) bring(at);
    hanging.show();
  }

  /** What is read, as wall.js has it, and of the messages on the screen the `last` one, and which are `unfolded`. */
  function anchor() {
    const at = wall.anchor();
    if (!at) return null;
    const view = wall.view();
    const seen = wall.masonry.ids.filter((id) => wall.isSeen(wall.masonry.get(id), view));
    return { ...at, last: seen.at(-1) ?? at.id, unfolded: seen.filter(cards.isUnfolded) };
  }

  function bring(at) {
    hanging.hangAll();
    for (const id of at.unfolded ?? []) {
      const found = get(id);
      found?.folding.unfold();
      // The card is measured before the browser tells of its new height: by then what is below it would be taken for
      // what is read.
      if (found) remeasure([id]);
    }
    wall.bring(at);
  }

  /** The card of a message, be it near the screen or far away. */
  function get(id) {
    if (feed.has(id)) hanging.hangAll();
    if (!wall.masonry.has(id)) return undefined;
    hanging.want(id);
    return cards.get(id);
  }

  reshape();
  new window.ResizeObserver(() => reshape()).observe(ruler);
  window.addEventListener('scroll', () => feed.messages.length > ALL && hanging.plan(), { passive: true });

  return {
    update,
    get,
    /** Whether cards are still to come. */
    get isBusy() {
      return hanging.isBusy;
    },
    anchor,
    bring,
    /** Shows the other layout at the same place: what was at the top is, and from its beginning. */
    relayout() {
      const isThere = switched && wall.masonry.has(switched.id) && Math.abs(wall.topOf(switched.id) - switched.top) < 2;
      const at = isThere ? switched : anchor();
      switched = at && { ...at, top: Math.max(at.top, 16) };
      reshape({ anew: true, at: switched });
    },
    /** Whether somebody reads the list: then nothing new may push it down. */
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
