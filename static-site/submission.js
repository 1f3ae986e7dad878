// Sends the message that was written, once, whatever happens: with an idempotency key, with backoff while the board
// wakes up, and drawn anew where the board cannot read the picture. Knows no DOM.

import { ApiError } from './api.js';
import { pause, untilAborted, withBackoff } from './backoff.js';
import { emit } from './events.js';
import { fileOf } from './picture-file.js';
import { checkDraft, explainPost, isFinal, isRefusal, isUnreadPicture } from './problems.js';

/** How long sending waits for what this device keeps: keeping is a courtesy, sending is the purpose. */
const KEPT_WITHIN_MS = 1_000;

/** Emits `posted` with the message, and `refused` where there is none and the viewer is told why. */
export class Submission extends EventTarget {
  #composition;
  #post;
  #announce;
  #clock;
  #newKey;
  #controller = null;
  /** Whether this device takes long to keep anything. */
  #isSlow = false;
  /** Resolves when what was asked to be sent last was sent, or was not. */
  settled = Promise.resolve();

  constructor({ composition, post, announce, clock, newKey }) {
    super();
    this.#composition = composition;
    this.#post = post;
    this.#announce = announce;
    this.#clock = clock;
    this.#newKey = newKey;
  }

  submit() {
    if (!this.#controller) this.settled = this.#submit();
  }

  cancel() {
    this.#controller?.abort();
  }

  async #submit() {
    const composition = this.#composition;
    this.#controller = new AbortController();
    let message = null;
    try {
      composition.errors = {};
      composition.setSending({ progress: 0, waking: false });
      message = await this.#send(this.#controller.signal);
    } catch (error) {
      // A fault of the page's own; whatever it is, the viewer can go on.
      console.error(error);
      composition.fail({ form: [['post.kept'], ['advice.reload']] });
    } finally {
      this.#controller = null;
      composition.setSending(null);
    }
    emit(this, message ? 'posted' : 'refused', message);
  }

  /** Answers the message, or null where there is none and the viewer is told why. */
  async #send(signal) {
    const composition = this.#composition;
    const { choice } = composition;
    // The draft that this device kept is read first: it must not be lost by what is sent now.
    await this.#isLate(composition.saved, signal);
    // A picture chosen a moment ago is still being made smaller.
    await Promise.race([choice.settled, untilAborted(signal)]);
    if (signal.aborted) return this.#stopped();
    if (choice.isLacking) {
      this.#announce([['picture.lacking']]);
      return null;
    }
    composition.normalizeAll();
    const { draft, limits } = composition;
    const faults = checkDraft(draft, limits);
    if (Object.keys(faults).length > 0) return this.#refuse(faults);
    choice.refuse([]);
    for (let redrawn = null; ; ) {
      draft.key ??= this.#newKey();
      const kept = composition.keepAsSent();
      if (!this.#isSlow) this.#isSlow = await this.#isLate(kept, signal);
      if (signal.aborted) return this.#stopped();
      try {
        const message = await this.#sendOnce(draft, signal);
        composition.notice = redrawn ?? [];
        composition.clear();
        return message;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (isFinal(error)) Object.assign(draft, { key: null, sent: null });
        if (!redrawn && draft.picture && isUnreadPicture(error)) {
          redrawn = await Promise.race([choice.redraw(signal), untilAborted(signal)]);
          if (redrawn && !signal.aborted) continue;
        }
        void composition.keep();
        return signal.aborted ? this.#stopped() : this.#refuse(explainPost(error, draft, limits));
      }
    }
  }

  async #sendOnce(draft, signal) {
    const composition = this.#composition;
    const body = { ...draft, picture: draft.picture && fileOf(draft.picture) };
    const show = (how) => composition.sending && composition.setSending(how);
    const onWaiting = () => show({ waking: true, progress: 0 });
    const onProgress = (progress) => {
      if (progress === 1) draft.sent = 'this';
      show({ waking: false, progress });
    };
    const attempt = async () => {
      const before = draft.sent;
      try {
        return await this.#post(body, { key: draft.key, onProgress, signal });
      } catch (error) {
        if (isRefusal(error)) draft.sent = before;
        // A server that answers with another status may have received all of the message.
        else if (error.status > 0) draft.sent = 'this';
        throw error;
      }
    };
    return withBackoff(attempt, { clock: this.#clock, signal, onWaiting });
  }

  /** Waits for what this device keeps, but not for long: some browsers never end it. Answers whether that was too short. */
  async #isLate(work, signal) {
    const late = await Promise.race([work.then(() => false), pause(this.#clock, KEPT_WITHIN_MS, signal).then(() => true)]);
    return late && !signal.aborted;
  }

  /** Says that sending was stopped. A message that was sent whole may be on the board: its key stays, lest it come twice. */
  #stopped() {
    const isSent = this.#composition.draft.sent === 'this';
    return this.#refuse({ form: isSent ? [['post.cancelled-late'], ['post.unsure']] : [['post.cancelled']] });
  }

  #refuse(errors) {
    this.#composition.fail(errors);
    return null;
  }
}
