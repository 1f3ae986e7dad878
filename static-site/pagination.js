// Pagination: brings the messages into the feed page by page, and knows whether that succeeds. Knows no DOM.

import { withBackoff } from './backoff.js';
import { emit } from './events.js';

/** The page size where many messages are wanted, and how many such pages a reload brings back at most. */
export const LARGE_PAGE = 50;
const PAGES_BROUGHT_BACK = 20;

/** Emits `change`, `new-messages` where some wait to be shown, and `refreshed`. */
export class Pagination extends EventTarget {
  loaded = false;
  /** Why the first page could not be loaded the last time, or null. */
  failure = null;
  older = { loading: false, failure: null };
  #api;
  #feed;
  #clock;

  constructor({ api, feed, clock }) {
    super();
    this.#api = api;
    this.#feed = feed;
    this.#clock = clock;
  }

  /** Asks for the first page again. What is new in it is shown at once only where nobody reads the list. */
  async refresh({ isRead }) {
    let page;
    try {
      page = await this.#api.firstPageIfChanged();
    } catch (failure) {
      return this.#set({ failure });
    }
    const feed = this.#feed;
    if (page) {
      const { count } = feed.waiting;
      feed.offer(page);
      if (this.loaded && feed.waiting.count > count) emit(this, 'new-messages', feed.waiting);
      if (!this.loaded || feed.messages.length === 0 || !isRead()) feed.reveal();
    }
    const wasLost = this.failure !== null;
    this.#set({ loaded: true, failure: null });
    emit(this, 'refreshed', { wasLost });
  }

  /** Loads the next page of older messages. Answers the id of the first one that came, or null. */
  async loadOlder() {
    const set = (loading, failure = null) => this.#set({ older: { loading, failure } });
    set(true);
    try {
      const first = await this.#append({ onWaiting: (error) => set(true, error) });
      set(false);
      return first;
    } catch (error) {
      set(false, error);
      return null;
    }
  }

  /** Loads older messages until the one with this id is there. */
  async fillDownTo(id) {
    const feed = this.#feed;
    for (let pages = 0; pages < PAGES_BROUGHT_BACK && feed.next !== null && feed.messages.at(-1)?.id > id; pages += 1) {
      await this.#append({ limit: LARGE_PAGE });
      this.#set({});
    }
  }

  /** Loads anew the messages that are shown, since it is not known which of them are gone. */
  async reload() {
    const feed = this.#feed;
    const oldest = feed.messages.at(-1)?.id;
    try {
      const page = await this.#api.firstPageIfChanged({ anew: true });
      feed.clear();
      feed.offer(page);
      feed.reveal();
      if (oldest) await this.fillDownTo(oldest);
    } catch (failure) {
      this.failure = failure;
    }
    this.#set({});
  }

  async #append({ limit, onWaiting }) {
    const feed = this.#feed;
    const { next } = feed;
    const page = await withBackoff(() => this.#api.olderMessages(next, limit), { clock: this.#clock, onWaiting });
    // The list may have started afresh after a gap meanwhile, and then the page does not follow it.
    if (feed.next !== next) return null;
    feed.append(page);
    return page.messages[0]?.id ?? null;
  }

  #set(fields) {
    Object.assign(this, fields);
    emit(this, 'change');
  }
}
