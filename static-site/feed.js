// What the page knows of the board's messages: newest first, nothing twice, no gap.
// Ids are ULIDs, so their order as strings is the order in time.

const newestFirst = (a, b) => (a.id < b.id ? 1 : -1);

export class Feed {
  /** The messages that are to be shown. */
  messages = [];
  /** The `before` of the page that follows `messages`, or null at the board's beginning. */
  next = null;

  /** The newest id of the first page merged last: from here down nothing is missing. */
  #head = '';
  /** A first page that came later and is not merged yet. */
  #offered = null;
  // A cache may answer with a first page from before a post or a delete of this page's. So a message that was posted
  // here stays until a first page has listed it (read-your-writes), and one that was deleted here leaves a tombstone
  // and never comes back.
  #unlisted = new Set();
  #tombstones = new Set();

  /**
   * Takes the first page as it is now. What it no longer lists goes at once;
   * what is new in it waits for `reveal`.
   */
  offer({ messages, next }) {
    const listed = new Set(messages.map(({ id }) => id));
    const oldest = next === null ? '' : messages.at(-1).id;
    this.messages = this.messages.filter(
      ({ id }) => id < oldest || listed.has(id) || this.#unlisted.has(id),
    );
    for (const id of listed) this.#unlisted.delete(id);
    // Where the newest known message is older than the last one of the page, others may lie between them.
    this.#offered = { messages, next, gap: next !== null && oldest > this.#head };
  }

  /** The message that was posted with the picture at this address, where the page knows it. */
  withPicture(url) {
    return this.messages.find(({ picture }) => picture?.url === url) ?? null;
  }

  has(id) {
    return this.messages.some((message) => message.id === id);
  }

  /** Forgets what is shown, to be told anew; what was deleted here stays so. */
  clear() {
    this.messages = [];
    this.next = null;
    this.#head = '';
    this.#offered = null;
    this.#unlisted.clear();
  }

  /** How many new messages wait to be shown, and whether there are even more than that. */
  get waiting() {
    const { next } = this;
    const gap = this.#offered?.gap ?? false;
    // Deletes move older messages up into the first page: these belong to the next page, and are not new.
    const count = this.#missing().filter(({ id }) => gap || next === null || id > next).length;
    return { count, more: count > 0 && gap };
  }

  /** Merges the page offered last. After a gap it starts afresh from that page. */
  reveal() {
    if (!this.#offered) return;
    const { messages, next, gap } = this.#offered;
    const missing = this.#missing();
    const kept = gap ? this.messages.filter(({ id }) => this.#unlisted.has(id) || id >= messages.at(-1).id) : this.messages;
    this.messages = [...kept, ...missing].sort(newestFirst);
    if (gap || next === null) this.next = next;
    if (messages.length && messages[0].id > this.#head) this.#head = messages[0].id;
    this.#offered = null;
  }

  /** Adds the page asked for with `before=next`. */
  append({ messages, next }) {
    this.messages = [...this.messages, ...messages.filter((message) => this.#isMissing(message))].sort(newestFirst);
    this.next = next;
  }

  /** Adds a message just posted from here. */
  add(message) {
    if (!this.#isMissing(message)) return;
    this.#unlisted.add(message.id);
    this.messages = [...this.messages, message].sort(newestFirst);
  }

  /** Takes out a message just deleted from here. */
  remove(id) {
    this.#tombstones.add(id);
    this.messages = this.messages.filter((message) => message.id !== id);
  }

  /** Lets a message be shown again that was taken down from here and is back. */
  revive(id) {
    this.#tombstones.delete(id);
  }

  #isMissing({ id }) {
    return !this.#tombstones.has(id) && !this.has(id);
  }

  #missing() {
    return this.#offered?.messages.filter((message) => this.#isMissing(message)) ?? [];
  }
}
