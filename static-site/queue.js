// What moderators decide on: what waits, oldest first, what was taken down or rejected, and what is on the board, newest
// first; what is done about it, and undone. What is decided goes from its list at once, and comes back where it was not
// done. Knows no DOM.

import { emit } from './events.js';
import { isSignedOut } from './moderator-session.js';
import { isFinal, isRefusal } from './problems.js';
import { inversesOf } from './review-acts.js';
import { ReviewList } from './review-list.js';

/** How many acts can be undone, one after the other. */
const REMEMBERED = 50;

/**
 * Emits `change`; `cleared`; `surprised` where somebody else decided on what is being judged; `settled` and `undone` where something came of an act; and
 * `failed` with what went wrong.
 */
export class Queue extends EventTarget {
  /** `held`, `removed` or `posted`. */
  tab = 'held';
  /** `{ moderator, expiresAt, held, removed, refused, posting, mostPosting }`, once the board has told. */
  counts;
  /** Why the board could not be asked the last time, or null; and why something was not done. */
  failure;
  fault;
  /** The lists of one moderator: another moderator begins with new ones. */
  lists;
  /** Senders that are refused, each by a message. */
  refused;
  /** The operator's pictures that were taken down. */
  pictures;
  #api;
  #acts;
  /** Ids of what is being decided. */
  #pending;
  /** Ids of what was taken down, which a cache may tell of as if it was on the board. */
  #gone;
  /** Goes on with every act: what the board told before that is of no account. */
  #epoch = 0;

  constructor({ api }) {
    super();
    this.#api = api;
    this.#empty();
  }

  get list() {
    return this.lists[this.tab];
  }

  /** The message being judged, or null. */
  get current() {
    return this.list.current;
  }

  get chosen() {
    return this.list.chosenMessages;
  }

  /** What an act is about: those that are chosen, else the one being judged. */
  get judged() {
    const { chosen, current } = this;
    return chosen.length > 0 ? chosen : current ? [current] : [];
  }

  /** How many messages there are in a list, or null where that is not known. */
  countOf(tab) {
    const { loaded, next, messages } = this.lists[tab];
    return this.counts?.[tab] ?? (tab === this.tab && loaded && next === null ? messages.length : null);
  }

  /** What can be undone next, or null. */
  get last() {
    return this.#acts.at(-1) ?? null;
  }

  /** Forgets all that a moderator saw and did. */
  clear() {
    this.tab = 'held';
    this.#empty();
    emit(this, 'cleared');
    this.#changed();
  }

  show(tab) {
    Object.assign(this, { tab, fault: null });
    this.list.chosen.clear();
    this.#changed();
    return this.refresh();
  }

  /** Asks what there is now. The message that is being judged stays where it is. */
  async refresh() {
    if (!(await this.#look())) return;
    // The board answers again, so a fault that passes by itself is over.
    if (this.fault && !isFinal(this.fault)) this.fail(null);
  }

  /** Asks only how many messages there are. */
  async count() {
    const epoch = this.#epoch;
    const counts = await this.#api.waiting().catch(() => null);
    if (!counts || epoch !== this.#epoch) return;
    this.counts = counts;
    this.#changed();
  }

  /** Loads the page that follows. */
  async more({ list, tab } = this) {
    const { next } = list;
    if (next === null) return;
    try {
      const page = await this.#api.list(tab, next);
      if (list.next !== next) return;
      list.put(page.messages);
      list.next = page.next;
    } catch (failure) {
      if (list === this.list) this.failure = failure;
      throw failure;
    } finally {
      this.#changed();
    }
  }

  step(by) {
    this.list.step(by);
    this.#changed();
  }

  judge(id) {
    if (this.current?.id === id) return;
    this.list.judge(id);
    this.#changed();
  }

  choose(id, isChosen, options) {
    this.list.choose(id, isChosen, options);
    this.#changed();
  }

  /** Chooses all messages of the list, also those that were not loaded yet unless they are on the board; or none. */
  async chooseAll(isChosen) {
    const { list, tab } = this;
    list.chosen.clear();
    if (isChosen) {
      while (tab !== 'posted' && list.next !== null) await this.more({ list, tab });
      list.chooseAll(true);
    }
    this.#changed();
  }

  /** @param kind `approve`, `reject`, `restore`, `takeDown` or `forever`, which cannot be undone */
  act(kind, messages) {
    if (messages.length === 0) return null;
    const { tab, list } = this;
    const act = { kind, messages, tab, list, settled: null };
    this.#count(tab, -list.takeOut(messages));
    if (kind !== 'forever') this.#remember(act);
    this.fault = null;
    act.settled = this.#settle(act);
    this.#changed();
    return act;
  }

  /** Makes something that was done elsewhere on the page undoable here. */
  remember(kind, messages, more = {}) {
    this.#note(kind, messages.map(({ id }) => id));
    this.#remember({ kind, messages, settled: Promise.resolve(messages), ...more });
    this.#changed();
  }

  async undo() {
    const act = this.#acts.pop();
    if (!act) return;
    this.#changed();
    const messages = await act.settled;
    for (const [kind, some] of inversesOf(act, messages)) await this.#undo(act, kind, some);
  }

  async letIn(id) {
    await this.#api.letIn(id);
    this.remember('letIn', [{ id }]);
    await this.#look();
  }

  async removeSender(message) {
    const count = await this.#api.removeSender(message.id);
    this.remember('removeSender', [message], { count });
    await this.#look({ anew: true });
    return count;
  }

  /** Notes why something was not done; null where that is possible again. */
  fail(fault) {
    this.fault = fault;
    this.#changed();
  }

  async setPosting(posting) {
    const now = await this.#api.setPosting(posting);
    this.counts = { ...this.counts, ...now };
    this.#changed();
  }

  #empty() {
    const [pending, gone] = [new Set(), new Set()];
    const isPending = (id) => pending.has(id);
    const lists = {
      held: new ReviewList({ oldestFirst: true, isAway: isPending }),
      removed: new ReviewList({ isAway: isPending }),
      posted: new ReviewList({ isAway: (id) => isPending(id) || gone.has(id) }),
    };
    Object.assign(this, { counts: null, failure: null, fault: null, lists, refused: [], pictures: [] });
    this.#pending = pending;
    this.#gone = gone;
    this.#acts = [];
    this.#epoch += 1;
  }

  /** Answers whether the board told something that is of account. */
  async #look({ anew = false } = {}) {
    const { tab } = this;
    const epoch = this.#epoch;
    try {
      const [counts, page, ...others] = await Promise.all([this.#api.waiting(), this.#api.list(tab), ...(tab === 'removed' ? [this.#api.refused(), this.#api.removedPictures()] : [])]);
      if (epoch !== this.#epoch) return false;
      const [refused = this.refused, pictures = this.pictures] = others;
      Object.assign(this, { counts, refused, pictures, failure: null });
      // Somebody else decided on the message that is being judged.
      if (this.lists[tab].merge(page, { anew })) emit(this, 'surprised');
    } catch (failure) {
      if (epoch !== this.#epoch) return false;
      this.failure = failure;
    }
    this.#changed();
    return this.failure === null;
  }

  async #undo(act, kind, messages) {
    const { lists } = this;
    const outcomes = await this.#run(kind, messages);
    if (lists !== this.lists) return;
    const back = messages.filter(({ id }) => outcomes.get(id) === 'done');
    // A message that was approved does not wait again.
    if (act.list && act.kind !== 'approve' && back.length > 0) {
      act.list.put(back);
      act.list.judge(back[0].id);
    }
    emit(this, 'undone', { act, done: back, outcomes: [...outcomes.values()] });
    await this.#look();
  }

  async #settle({ kind, messages, tab, list }) {
    const { lists } = this;
    const outcomes = await this.#run(kind, messages);
    const having = (...some) => messages.filter(({ id }) => some.includes(outcomes.get(id)));
    const done = having('done');
    // Another moderator has signed in meanwhile, who is not told of it.
    if (lists !== this.lists) return done;
    for (const { id } of having('failed')) list.problems.set(id, 'failed');
    const back = having('failed', 'refused');
    list.put(back);
    this.#count(tab, back.length);
    if (done.length === 0) this.#acts = this.#acts.filter((act) => act.messages !== messages);
    emit(this, 'settled', { kind, done, outcomes: [...outcomes.values()] });
    void this.#look();
    return done;
  }

  /** Does an act, and answers what became of each message, by its id. */
  async #run(kind, messages) {
    const ids = messages.map(({ id }) => id);
    const pending = this.#pending;
    for (const id of ids) pending.add(id);
    this.#epoch += 1;
    try {
      const outcomes = await this.#send(kind, ids);
      this.#note(kind, outcomes.flatMap(([id, outcome]) => (outcome === 'done' ? [id] : [])));
      return new Map(outcomes);
    } catch (error) {
      if (!isSignedOut(error)) emit(this, 'failed', error);
      return new Map(ids.map((id) => [id, isRefusal(error) ? 'refused' : 'failed']));
    } finally {
      for (const id of ids) pending.delete(id);
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

  /** Notes which messages an act has put on the board, and which it has taken from it. */
  #note(kind, ids) {
    for (const id of ids) {
      if (kind === 'takeDown') this.#gone.add(id);
      else this.#gone.delete(id);
    }
  }

  #remember(act) {
    this.#acts = [...this.#acts, act].slice(-REMEMBERED);
  }

  #count(tab, by) {
    if (this.counts?.[tab] !== undefined) this.counts = { ...this.counts, [tab]: Math.max(0, this.counts[tab] + by) };
  }

  #changed() {
    emit(this, 'change');
  }
}
