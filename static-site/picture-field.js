// The picture of a message being written: chosen, photographed, dropped or pasted; made fit, previewed,
// described, taken back.

import { drawnAnew, fileOf, prepare, read } from './shrink.js';
import { put } from './words.js';

export function mountPictureField(root, { words, onPicture, announce, objectUrls, page, decode }) {
  const find = (selector) => root.querySelector(selector);
  const inputs = [find('.picture-field__file'), find('.picture-field__camera')];
  const preview = find('.picture-field__preview');
  const state = {
    /** The name of what was chosen, until it is taken back; null where nothing is. */
    name: null,
    /** What will be sent, once it is fit for that. */
    picture: null,
    preparing: false,
    /** What became of the picture chosen, for the viewer: sentences. */
    note: [],
    problem: [],
    sending: false,
    previewUrl: null,
    dragged: false,
    limit: undefined,
  };
  let work = Promise.resolve();

  const isLacking = () => state.name !== null && !state.preparing && state.picture === null;

  function update() {
    const { name, picture, note, preparing, problem, sending, dragged } = state;
    root.classList.toggle('is-dragged-over', dragged);
    root.classList.toggle('is-lacking', isLacking());
    find('.picture-field__add').textContent = words.say(name === null ? 'compose.add' : 'compose.another');
    find('.picture-field__chosen').hidden = name === null;
    put(find('.picture-field__name bdi'), name ?? '');
    const about = preparing ? [['compose.preparing']] : note;
    put(find('.picture-field__note'), words.sayAll(about) || (picture ? words.size(picture.size) : ''));
    if (state.previewUrl === null) preview.removeAttribute('src');
    else if (preview.src !== state.previewUrl) preview.src = state.previewUrl;
    put(find('.field__error'), words.sayAll(isLacking() ? [...problem, ['picture.lacking']] : problem));
    inputs[0].setAttribute('aria-invalid', String(problem.length > 0));
    for (const input of inputs) input.disabled = sending;
    find('.picture-field__remove').disabled = sending;
  }

  function show({ name = null, picture = null, preparing = false, note = [], problem = [] } = {}) {
    if (state.previewUrl) objectUrls.revokeObjectURL(state.previewUrl);
    const previewUrl = picture && objectUrls.createObjectURL(fileOf(picture));
    Object.assign(state, { name, picture, preparing, note, problem, previewUrl });
    update();
  }

  function change(to) {
    show(to);
    onPicture({ picture: state.picture, pictureName: state.name });
  }

  function take(file) {
    if (state.sending) return;
    change({ name: file.name, preparing: true });
    work = ready(file.name, async () => {
      const original = await read(file, state.limit);
      const { picture, changed, width, height } = await prepare(original, tools());
      const values = { width, height, bytes: picture.size, originalBytes: original.size };
      return { picture, note: changed ? [[`compose.${changed}`, values]] : [] };
    });
  }

  const tools = () => ({ limit: state.limit, decode, newCanvas: () => page.createElement('canvas') });

  /** The field gets what `make` comes to, or says why there is nothing, unless another file was chosen meanwhile. */
  function ready(name, make) {
    const isCurrent = () => work === mine;
    const mine = make().then(
      ({ picture, note }) => {
        if (!isCurrent()) return;
        // That there were several files, or what the board said, still holds.
        change({ name: picture.name, picture, note, problem: state.problem });
        announce(words.say('compose.added'));
      },
      (error) => {
        if (!isCurrent()) return;
        // A fault of the page's own; whatever it is, the viewer can go on.
        if (!error.saying) console.error(error);
        change({ name, problem: [error.saying ?? ['advice.reload']] });
      },
    );
    return mine;
  }

  function refuse(problem) {
    state.problem = problem;
    update();
  }

  for (const input of inputs) {
    input.addEventListener('change', () => {
      const [file] = input.files;
      // So that the same file can be chosen again after it was removed.
      input.value = '';
      if (file) take(file);
    });
  }

  find('.picture-field__remove').addEventListener('click', () => {
    work = Promise.resolve();
    change();
    inputs[0].focus();
  });

  /** Nothing can be chosen now, or nothing of it would be seen. */
  const isShut = () => state.sending || root.closest('[hidden]') !== null || page.querySelector('dialog[open]') !== null;
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  page.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    // Else the browser would leave the page and show the file.
    event.preventDefault();
    if (isShut()) event.dataTransfer.dropEffect = 'none';
    else if (!state.dragged) setDragged(true);
  });
  page.addEventListener('dragleave', (event) => event.relatedTarget === null && setDragged(false));
  page.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setDragged(false);
    takeFrom(event.dataTransfer);
  });
  page.addEventListener('paste', (event) => {
    const { files, types } = event.clipboardData;
    // Word processors put a picture of the text beside the text: then the text is meant.
    if (files.length === 0 || types.includes('text/plain')) return;
    event.preventDefault();
    takeFrom(event.clipboardData);
  });

  function setDragged(dragged) {
    state.dragged = dragged;
    update();
  }

  function takeFrom({ items }) {
    if (isShut()) return;
    const given = [...items].filter(({ kind }) => kind === 'file').map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry?.() }));
    const files = given.filter(({ file, entry }) => file && !entry?.isDirectory).map(({ file }) => file);
    const folder = given.find(({ entry }) => entry?.isDirectory)?.entry;
    const pictures = files.filter(({ type }) => type.startsWith('image/'));
    // Of what lies beside a picture the picture is meant.
    const meant = pictures.length > 0 ? pictures : files;
    if (meant.length > 0) take(meant[0]);
    else if (folder) miss(folder.name, [['picture.folder']]);
    // Some programs say that they give a file and give none, as with what is attached to a mail.
    else miss('', [['picture.nothing']]);
    if (meant.length > 1) refuse([['picture.several']]);
    inputs[0].focus();
  }

  /** What was given is no picture: the field keeps the one that it has, else it stays lacking until that is taken back. */
  function miss(name, problem) {
    if (state.name === null) change({ name, problem });
    else refuse(problem);
  }

  return {
    update,
    refuse,
    /** Empties the field. */
    clear: () => show(),
    /** Shows what this device kept of an earlier visit: a picture that is fit already, or only that there was one. */
    restore({ picture, pictureName }) {
      if (picture) show({ name: picture.name, picture });
      else show({ name: pictureName, problem: [['picture.not-kept']] });
    },
    /** Done once the picture is what will be sent, or is known to be none. */
    settled: () => work,
    /** Whether something was chosen. */
    get isChosen() {
      return state.name !== null;
    },
    /** Whether something was chosen that cannot be sent, and not been taken back yet. */
    get isLacking() {
      return isLacking();
    },
    /** Draws the picture anew, where the board could not read it; answers what is to be said of that, or null. */
    async redraw(signal) {
      const picture = await drawnAnew(state.picture, tools()).catch(() => null);
      if (!picture || signal.aborted) return null;
      const note = [['compose.redrawn', { bytes: picture.size }]];
      change({ name: picture.name, picture, note });
      return note;
    },
    setSending(sending) {
      state.sending = sending;
      update();
    },
    setLimit(limit) {
      state.limit = limit;
    },
  };
}
