// Hangs the cards: what is seen at once, the others a few at a time, so that neither a page of messages nor scrolling is a
// long task for the browser.

import { placeAt } from './children.js';
import { settle } from './fold.js';
import { afterFirstPicture } from './frames.js';

/** Up to this many messages, all are in the page, to be found there; of more, only those that are near the screen. */
export const ALL = 200;
/** How many cards are made at a time beside those that are seen. */
const AT_ONCE = 7;
const ROWS = 2;
/** How many cards are made, where all are wanted at once, before those that are far away are let go again. */
const BATCH = 50;

/** @param onWhole is told when all cards are there that were to come: meanwhile the list is `aria-busy` */
export function createHanging(list, { feed, clock, wall, cards, onWhole, window }) {
  /** The message that something leads to. */
  let wanted = null;
  let isPlanned = false;
  let isBusy = false;

  /** The messages that hang nowhere yet. */
  const rest = () => feed.messages.filter(({ id }) => !wall.masonry.has(id));

  /** Hangs the rest below all others, which stay where they are: what is seen now, `least` so many or `all` of it, and the others later. */
  function append(view = wall.view(), { least = 0, all = false } = {}) {
    const messages = rest();
    let hung = 0;
    while (hung < messages.length && (all || hung < least || wall.masonry.filled < view.bottom)) {
      // As long as the screen has room, a row or two are made at a time: each batch is laid out once.
      const seen = wall.masonry.filled < view.bottom ? ROWS * wall.columns : 0;
      const batch = messages.slice(hung, hung + (all ? BATCH : Math.max(AT_ONCE, seen)));
      hung += batch.length;
      settle(batch.map((message) => cards.make(message).folding));
      for (const { id } of batch) wall.masonry.add(id, cards.heightOf(id));
      if (all) show(view);
    }
    show(view);
  }

  /** Has the cards in the page that are near the screen, in their order, and lets go of the others. */
  function show(view = wall.view()) {
    const { messages } = feed;
    const focused = window.document.activeElement?.closest?.('.message')?.id;
    const made = [];
    let index = 0;
    let isWhole = true;
    for (const message of messages) {
      const { id } = message;
      const place = wall.masonry.get(id);
      const isWanted = messages.length <= ALL || id === wanted || id === focused;
      if (place && !isWanted && !wall.isNear(place, view)) {
        cards.drop(id);
        continue;
      }
      // A card that is seen is made at once, all others a few at a time.
      if (!place || (!cards.has(id) && made.length >= AT_ONCE && id !== wanted && !wall.isSeen(place, view))) {
        isWhole = false;
        continue;
      }
      if (!cards.has(id)) made.push(cards.make(message).folding);
      const { item } = cards.get(id);
      placeAt(list, index, item);
      index += 1;
    }
    wall.arrange(cards.all());
    settle(made);
    setBusy(!isWhole);
  }

  function setBusy(busy) {
    if (busy) plan();
    if (busy === isBusy) return;
    isBusy = busy;
    if (isBusy) list.setAttribute('aria-busy', 'true');
    else list.removeAttribute('aria-busy');
    if (!isBusy) onWhole();
  }

  /** Goes on once the browser has shown what is there. */
  function plan() {
    if (isPlanned) return;
    isPlanned = true;
    afterFirstPicture(() => {
      isPlanned = false;
      append(wall.view(), { least: 1 });
    }, { clock, window });
  }

  return {
    rest,
    append,
    show,
    plan,

    get isBusy() {
      return isBusy;
    },

    /** Hangs all messages that would come later, for a viewer who wants to go there now. */
    hangAll() {
      if (isBusy) append(wall.view(), { all: true });
    },

    /** Has the card of this message in the page, wherever it hangs. */
    want(id) {
      wanted = id;
      if (!cards.has(id)) show();
    },
  };
}
