// A list of messages that moderators decide on: which one is judged, which are chosen. Knows no DOM and no board.

export class ReviewList {
  messages = [];
  /** The id after which the page begins that follows, or null. */
  next = null;
  loaded = false;
  chosen = new Set();
  /** Why what was decided on a message is not done, by its id. */
  problems = new Map();
  #current = null;
  /** The id of the message that was chosen last, or no longer. */
  #lastChosen = null;
  #sign;
  #isAway;

  /** @param isAway answers of an id whether the message is not to be in the list, whatever the board tells */
  constructor({ oldestFirst = false, isAway }) {
    this.#sign = oldestFirst ? 1 : -1;
    this.#isAway = isAway;
  }

  /** The message being judged, or null. */
  get current() {
    return this.messages.find(({ id }) => id === this.#current) ?? this.messages[0] ?? null;
  }

  get chosenMessages() {
    return this.messages.filter(({ id }) => this.chosen.has(id));
  }

  judge(id) {
    this.#current = id;
  }

  step(by) {
    this.#judgeAt(this.messages.indexOf(this.current) + by);
  }

  /** Chooses a message or no longer does, and as a range all from the one before to this one. */
  choose(id, isChosen, { isRange = false } = {}) {
    const at = (one) => this.messages.findIndex((message) => message.id === one);
    const before = isRange ? at(this.#lastChosen) : -1;
    const [from, to] = [before < 0 ? at(id) : before, at(id)].toSorted((a, b) => a - b);
    for (const message of this.messages.slice(from, to + 1)) this.#choose(message, isChosen);
    this.#lastChosen = id;
  }

  chooseAll(isChosen) {
    for (const message of this.messages) this.#choose(message, isChosen);
  }

  /** Adds messages, as far as they are not there. */
  put(messages) {
    const once = new Map([...this.messages, ...messages].filter(({ id }) => !this.#isAway(id)).map((message) => [message.id, message]));
    this.messages = [...once.values()].sort((a, b) => this.#compare(a.id, b.id));
  }

  /** Takes messages out, and answers how many were there; what follows the one being judged is judged next. */
  takeOut(messages) {
    const gone = new Set(messages.map(({ id }) => id));
    const before = this.messages;
    const at = before.indexOf(this.current);
    const stays = ({ id }) => !gone.has(id);
    const next = before.slice(Math.max(0, at)).find(stays) ?? before.findLast(stays);
    this.#current = next?.id ?? null;
    this.messages = before.filter(stays);
    for (const id of gone) {
      this.chosen.delete(id);
      this.problems.delete(id);
    }
    return before.length - this.messages.length;
  }

  /**
   * Takes the first page as it is now. Pages after it stay as far as nothing lies between, unless all is to be read
   * `anew`. Answers whether the message being judged is gone.
   */
  merge({ messages, next }, { anew = false } = {}) {
    const end = next === null ? null : messages.at(-1).id;
    const isApart = this.messages.length > 0 && end !== null && this.#compare(end, this.messages[0].id) < 0;
    const beyond = anew || isApart || end === null ? [] : this.messages.filter(({ id }) => this.#compare(id, end) > 0);
    const at = this.messages.findIndex(({ id }) => id === this.#current);
    this.messages = beyond;
    this.put(messages);
    if (beyond.length === 0) this.next = next;
    this.loaded = true;
    const ids = new Set(this.messages.map(({ id }) => id));
    for (const id of [...this.chosen]) if (!ids.has(id)) this.chosen.delete(id);
    const isGone = this.#current !== null && !ids.has(this.#current);
    if (!ids.has(this.#current)) this.#judgeAt(at);
    return isGone;
  }

  #choose({ id }, isChosen) {
    if (isChosen) this.chosen.add(id);
    else this.chosen.delete(id);
  }

  #judgeAt(index) {
    this.#current = this.messages[Math.max(0, Math.min(index, this.messages.length - 1))]?.id ?? null;
  }

  #compare(a, b) {
    return a === b ? 0 : a > b ? this.#sign : -this.#sign;
  }
}
