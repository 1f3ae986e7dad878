// What moderators decide on: what waits, oldest first, and what was taken down or rejected, newest first; what is done
// about it, and undone. What is decided goes from its list at once, and comes back where it was not done. Knows no DOM.

import { emit } from './events.js';

/** The two answers in each list: what they do. */
export const ACTS = { held: { yes: 'approve', no: 'reject' }, removed: { yes: 'restore', no: 'forever' } };

/** How many acts can be undone, one after the other. */
const REMEMBERED = 50;

const newList = (sign) => ({ sign, messages: [], next: null, loaded: false, current: null, chosen: new Set(), problems: new Map() });

/**
 * Emits `change`; `surprised` where somebody else decided on what is being judged; `settled` and `undone` where something came of an act; and
 * `failed` with what went wrong.
 */
export class Queue extends EventTarget {
  /** `{ held, removed, posting, mostPosting }`, once the board has told. */
  counts = null;
  /** Why the board could not be asked the last time, or null; and why something was not done. */
  failure = null;
  fault = null;
  /** `held` or `removed`. */
  tab = 'held';
  lists = { held: newList(1), removed: newList(-1) };
  /** Senders that are refused, each by a message. */
  refused = [];
  /** The operator's pictures that were taken down. */
  pictures = [];
  #api;
  #acts = [];
  /** Ids of what is being decided. */
  #pending = new Set();
  /** Goes on with every act: what the board told before that is of no account. */
  #epoch = 0;

  constructor({ api }) {
    super();
    this.#api = api;
  }

  get list() {
    return this.lists[this.tab];
  }

  /** The message being judged, or null. */
  get current() {
    const { messages, current } = this.list;
    return messages.find(({ id }) => id === current) ?? messages[0] ?? null;
  }

  get chosen() {
    const { messages, chosen } = this.list;
    return messages.filter(({ id }) => chosen.has(id));
  }

  /** What an act is about: those that are chosen, else the one being judged. */
  get judged() {
    const { chosen, current } = this;
    return chosen.length > 0 ? chosen : current ? [current] : [];
  }

  /** What can be undone next, or null. */
  get last() {
    return this.#acts.at(-1) ?? null;
  }

  show(tab) {
    Object.assign(this, { tab, fault: null });
    this.list.chosen.clear();
    this.#changed();
    return this.refresh();
  }

  /** Asks what there is now. What is being judged stays where it is. */
  async refresh() {
    const { tab } = this;
    const epoch = this.#epoch;
    try {
      const [counts, page, ...others] = await Promise.all([this.#api.waiting(), this.#api.list(tab), ...(tab === 'removed' ? [this.#api.refused(), this.#api.removedPictures()] : [])]);
      if (epoch !== this.#epoch) return;
      const [refused = this.refused, pictures = this.pictures] = others;
      Object.assign(this, { counts, refused, pictures, failure: null });
      this.#merge(this.lists[tab], page);
    } catch (failure) {
      this.failure = failure;
    }
    this.#changed();
  }

  /** Only how many there are. */
  async count() {
    const epoch = this.#epoch;
    const counts = await this.#api.waiting().catch(() => null);
    if (!counts || epoch !== this.#epoch) return;
    this.counts = counts;
    this.#changed();
  }

  /** Loads the page that follows. */
  async more() {
    const { list, tab } = this;
    const { next } = list;
    if (next === null) return;
    try {
      const page = await this.#api.list(tab, next);
      if (list.next !== next) return;
      list.messages = this.#sorted(list, [...list.messages, ...page.messages]);
      list.next = page.next;
    } catch (failure) {
      this.failure = failure;
      list.next = next;
      throw failure;
    } finally {
      this.#changed();
    }
  }

  step(by) {
    const { list, current } = this;
    const at = list.messages.indexOf(current) + by;
    list.current = list.messages[Math.max(0, Math.min(at, list.messages.length - 1))]?.id ?? null;
    this.#changed();
  }

  judge(id) {
    if (this.list.current === id) return;
    this.list.current = id;
    this.#changed();
  }

  /** Chooses a message or no longer does, and with `through` all from the one chosen before to this one. */
  choose(id, isChosen, { through = null } = {}) {
    const { messages, chosen } = this.list;
    const at = (one) => messages.findIndex((message) => message.id === one);
    const [from, to] = [through === null ? at(id) : at(through), at(id)].toSorted((a, b) => a - b);
    for (const message of messages.slice(Math.max(0, from), to + 1)) {
      if (isChosen) chosen.add(message.id);
      else chosen.delete(message.id);
    }
    this.#changed();
  }

  /** Chooses all there are, also those that were not loaded yet; or none. */
  async chooseAll(isChosen) {
    const { list } = this;
    list.chosen.clear();
    if (isChosen) {
      while (list.next !== null) await this.more();
      for (const { id } of list.messages) list.chosen.add(id);
    }
    this.#changed();
  }

  /** @param kind `approve`, `reject`, `restore`, `takeDown` or `forever`, which cannot be undone */
  act(kind, messages) {
    if (messages.length === 0) return null;
    const act = { kind, messages, settled: null };
    this.#takeOut(messages);
    if (kind !== 'forever') this.#remember(act);
    this.fault = null;
    act.settled = this.#settle(act);
    this.#changed();
    return act;
  }

  /** Makes something that was done elsewhere on the page undoable here. */
  remember(kind, messages, more = {}) {
    this.#remember({ kind, messages, settled: Promise.resolve(messages), ...more });
    this.#changed();
  }

  async undo() {
    const act = this.#acts.pop();
    if (!act) return;
    this.#changed();
    const messages = await act.settled;
    const groups = group(messages, (message) => inverseOf(act, message));
    for (const [kind, some] of groups) await this.#undo(act, kind, some);
  }

  async letIn(id) {
    await this.#api.letIn(id);
    this.remember('letIn', [{ id }]);
    await this.refresh();
  }

  async removeSender(message) {
    const count = await this.#api.removeSender(message.id);
    this.remember('removeSender', [message], { count });
    await this.refresh();
    return count;
  }

  /** Something was not done. */
  fail(fault) {
    this.fault = fault;
    this.#changed();
  }

  async setPosting(posting) {
    const now = await this.#api.setPosting(posting);
    this.counts = { ...this.counts, ...now };
    this.#changed();
  }

  async #undo(act, kind, messages) {
    const outcomes = await this.#run(kind, messages);
    const back = messages.filter(({ id }) => outcomes.get(id) === 'done');
    const list = { reject: this.lists.held, restore: this.lists.removed }[act.kind];
    if (list && back.length > 0) {
      list.messages = this.#sorted(list, [...list.messages, ...back]);
      list.current = back[0].id;
    }
    emit(this, 'undone', { act, done: back, outcomes: [...outcomes.values()] });
    await this.refresh();
  }

  async #settle({ kind, messages }) {
    const outcomes = await this.#run(kind, messages);
    const [list] = Object.values(this.lists).filter(({ sign }) => sign === (['approve', 'reject'].includes(kind) ? 1 : -1));
    const failed = messages.filter(({ id }) => outcomes.get(id) === 'failed');
    for (const { id } of failed) list.problems.set(id, 'failed');
    list.messages = this.#sorted(list, [...list.messages, ...failed]);
    const done = messages.filter(({ id }) => outcomes.get(id) === 'done');
    if (done.length === 0) this.#acts = this.#acts.filter((act) => act.messages !== messages);
    emit(this, 'settled', { kind, done, outcomes: [...outcomes.values()] });
    void this.refresh();
    return done;
  }

  /** Answers what became of each, by its id. */
  async #run(kind, messages) {
    const ids = messages.map(({ id }) => id);
    for (const id of ids) this.#pending.add(id);
    this.#epoch += 1;
    try {
      return new Map(await this.#send(kind, ids));
    } catch (error) {
      emit(this, 'failed', error);
      return new Map(ids.map((id) => [id, 'failed']));
    } finally {
      for (const id of ids) this.#pending.delete(id);
      this.#epoch += 1;
    }
  }

  async #send(kind, ids) {
    const api = this.#api;
    if (kind === 'takeDown') return api.takeAllDown(ids);
    if (kind === 'forever') return api.deleteForever(ids);
    if (!['letIn', 'refuse', 'restorePicture'].includes(kind)) return api.decide(kind, ids);
    await api[kind](ids[0]);
    return ids.map((id) => [id, 'done']);
  }

  #remember(act) {
    this.#acts = [...this.#acts, act].slice(-REMEMBERED);
  }

  /** Takes messages out of their list; what follows the one being judged is judged next. */
  #takeOut(messages) {
    const { list, tab } = this;
    const gone = new Set(messages.map(({ id }) => id));
    const at = list.messages.indexOf(this.current);
    const stays = ({ id }) => !gone.has(id);
    const next = list.messages.slice(Math.max(0, at)).find(stays) ?? list.messages.findLast(stays);
    list.current = next?.id ?? null;
    const before = list.messages.length;
    list.messages = list.messages.filter(stays);
    for (const id of gone) {
      list.chosen.delete(id);
      list.problems.delete(id);
    }
    if (this.counts) this.counts = { ...this.counts, [tab]: Math.max(0, this.counts[tab] - (before - list.messages.length)) };
  }

  #merge(list, { messages, next }) {
    const end = next === null ? null : messages.at(-1).id;
    const beyond = list.messages.filter(({ id }) => end !== null && (id > end ? 1 : -1) === list.sign && id !== end);
    const at = list.messages.findIndex(({ id }) => id === list.current);
    list.messages = this.#sorted(list, [...messages, ...beyond]);
    if (beyond.length === 0) list.next = next;
    list.loaded = true;
    const ids = new Set(list.messages.map(({ id }) => id));
    // Decided by somebody else.
    for (const id of [...list.chosen]) if (!ids.has(id)) list.chosen.delete(id);
    const isSurprised = list.current !== null && !ids.has(list.current);
    if (!ids.has(list.current)) list.current = list.messages[Math.max(0, Math.min(at, list.messages.length - 1))]?.id ?? null;
    if (isSurprised) emit(this, 'surprised');
  }

  #sorted({ sign }, messages) {
    const once = new Map(messages.filter(({ id }) => !this.#pending.has(id)).map((message) => [message.id, message]));
    return [...once.values()].sort((a, b) => (a.id > b.id ? sign : -sign));
  }

  #changed() {
    emit(this, 'change');
  }
}

/** What undoes an act to a message. */
function inverseOf({ kind }, { status }) {
  if (kind === 'restore') return status === 'rejected' ? 'reject' : 'takeDown';
  return { approve: 'takeDown', reject: 'restore', takeDown: 'restore', removeSender: 'letIn', letIn: 'refuse', takePictureDown: 'restorePicture' }[kind];
}

function group(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
