// What moderators did, newest first, as far as it was looked up. Knows no DOM.

import { emit } from './events.js';

/** How far apart the entries of one act are at most: many messages are decided on one after the other. */
const ONE_ACT_MS = 5_000;

/** Emits `change`. */
export class ModerationLog extends EventTarget {
  entries = [];
  /** Whether there are older ones. */
  goesOn = false;
  isLoading = false;
  /** Why it could not be looked up the last time, or null. */
  failure = null;
  #load;
  #next = null;
  /** Goes on with every request: only the last one is of account. */
  #request = 0;

  /** @param load answers a page: the newest, or the one that follows an entry */
  constructor({ load }) {
    super();
    this.#load = load;
  }

  /** Looks what is new. */
  look() {
    return this.#ask(null);
  }

  /** Looks up the page that follows, unless something is being looked up. */
  async more() {
    if (this.goesOn && !this.isLoading) await this.#ask(this.#next);
  }

  clear() {
    this.#request += 1;
    this.#set({ entries: [], next: null, isLoading: false, failure: null });
  }

  /** What was done at once to several messages is one act: a list of its entries. */
  get acts() {
    const acts = [];
    for (const entry of this.entries) {
      const act = acts.at(-1);
      if (act && isOfOneAct(act.at(-1), entry)) act.push(entry);
      else acts.push([entry]);
    }
    return acts;
  }

  async #ask(after) {
    this.#request += 1;
    const request = this.#request;
    this.#set({ isLoading: true });
    try {
      const page = await this.#load(after);
      if (request === this.#request) this.#take(page, after);
    } catch (failure) {
      if (request === this.#request) this.#set({ isLoading: false, failure });
    }
  }

  #take({ entries, next }, after) {
    const known = new Set(this.entries.map(({ id }) => id));
    const isJoined = entries.some(({ id }) => known.has(id));
    const fresh = entries.filter(({ id }) => !known.has(id));
    if (after) this.#set({ entries: [...this.entries, ...fresh], next, isLoading: false, failure: null });
    else if (isJoined) this.#set({ entries: [...fresh, ...this.entries], isLoading: false, failure: null });
    else this.#set({ entries, next, isLoading: false, failure: null });
  }

  #set({ next = this.#next, ...fields }) {
    this.#next = next;
    Object.assign(this, fields, { goesOn: next !== null });
    emit(this, 'change');
  }
}

function isOfOneAct(one, other) {
  const isAlike = one.moderator === other.moderator && one.action === other.action && one.messageId !== null && other.messageId !== null;
  return isAlike && Math.abs(Date.parse(one.at) - Date.parse(other.at)) <= ONE_ACT_MS;
}
