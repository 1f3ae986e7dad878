// The picture of the message being written: chosen, made fit to be sent, refused or taken back. Knows no DOM.

import { emit } from './events.js';
import { read } from './picture-file.js';

/** The limit in bytes until the board has told its own. */
const PICTURE_BYTES = 4 * 1024 * 1024;

/** Emits `change`, `chosen` with what is to be sent, and `prepared`. */
export class PictureChoice extends EventTarget {
  /** The name of what was chosen, until it is taken back; null where nothing is. */
  name = null;
  /** What will be sent, once it is fit for that. */
  picture = null;
  preparing = false;
  /** What became of the picture chosen, for the viewer: sentences. */
  note = [];
  problem = [];
  sending = false;
  limit = PICTURE_BYTES;
  /** Resolves once the picture is what will be sent, or is known to be none. */
  settled = Promise.resolve();
  /** The file chosen last. */
  #current = null;
  #tools;

  /** @param tools of the browser: `decode`, and `newCanvas` */
  constructor(tools) {
    super();
    this.#tools = tools;
  }

  get isChosen() {
    return this.name !== null;
  }

  /** Whether something was chosen that cannot be sent, and not been taken back yet. */
  get isLacking() {
    return this.isChosen && !this.preparing && this.picture === null;
  }

  take(file) {
    if (this.sending) return;
    this.#choose({ name: file.name, preparing: true });
    this.settled = this.#prepare(file);
  }

  takeBack() {
    this.#current = null;
    this.settled = Promise.resolve();
    this.#choose({});
  }

  /** Notes that no picture was given. A picture that is there stays; else the field is lacking until that is taken back. */
  miss(name, problem) {
    if (this.isChosen) this.refuse(problem);
    else this.#choose({ name, problem });
  }

  refuse(problem) {
    this.#set({ problem });
  }

  clear() {
    this.#show({});
  }

  /** Takes what this device kept of an earlier visit: a picture that is fit already, or only that there was one. */
  restore({ picture, pictureName }) {
    if (picture) this.#show({ name: picture.name, picture });
    else this.#show({ name: pictureName, problem: [['picture.not-kept']] });
  }

  setSending(sending) {
    this.#set({ sending });
  }

  /** Draws the picture anew, where the board could not read it; answers what is to be said of that, or null. */
  async redraw(signal) {
    const tools = { ...this.#tools, limit: this.limit };
    const picture = await import('./shrink.js').then(({ drawnAnew }) => drawnAnew(this.picture, tools)).catch(() => null);
    if (!picture || signal.aborted) return null;
    const note = [['compose.redrawn', { bytes: picture.size }]];
    this.#choose({ name: picture.name, picture, note });
    return note;
  }

  /** Ends with the picture, or with why there is none, unless another file was chosen meanwhile. */
  async #prepare(file) {
    this.#current = file;
    let chosen;
    try {
      const [original, { prepare }] = await Promise.all([read(file, this.limit), import('./shrink.js')]);
      const { picture, changed, width, height } = await prepare(original, { ...this.#tools, limit: this.limit });
      const values = { width, height, bytes: picture.size, originalBytes: original.size };
      // The notes that there were several files, and what the board said, still hold.
      chosen = { name: picture.name, picture, note: changed ? [[`compose.${changed}`, values]] : [], problem: this.problem };
    } catch (error) {
      // A fault of the page's own; whatever it is, the viewer can go on.
      if (!error.saying) console.error(error);
      chosen = { name: file.name, problem: [error.saying ?? ['advice.reload']] };
    }
    if (this.#current !== file) return;
    this.#choose(chosen);
    if (chosen.picture) emit(this, 'prepared');
  }

  #choose(chosen) {
    this.#show(chosen);
    emit(this, 'chosen', { picture: this.picture, pictureName: this.name });
  }

  #show({ name = null, picture = null, preparing = false, note = [], problem = [] }) {
    this.#set({ name, picture, preparing, note, problem });
  }

  #set(fields) {
    Object.assign(this, fields);
    emit(this, 'change');
  }
}
