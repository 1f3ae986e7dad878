// The picture of a message being written: chosen, photographed, dropped or pasted; made fit, previewed,
// described, taken back.

import { Undecodable, prepare } from './shrink.js';
import { put } from './words.js';

export function mountPictureField(root, { words, onPicture, announce, objectUrls, page, decode }) {
  const find = (selector) => root.querySelector(selector);
  const inputs = [find('.picture-field__file'), find('.picture-field__camera')];
  const preview = find('.picture-field__preview');
  const state = {
    picture: null,
    /** What became of the picture chosen, for the viewer: sentences. */
    note: [],
    preparing: false,
    problem: [],
    sending: false,
    previewUrl: null,
    dragged: false,
    limit: undefined,
  };
  let work = Promise.resolve();

  function update() {
    const { picture, note, preparing, problem, sending, dragged } = state;
    root.classList.toggle('is-dragged-over', dragged);
    find('.picture-field__add').textContent = words.say(picture ? 'compose.another' : 'compose.add');
    find('.picture-field__chosen').hidden = !picture;
    find('.picture-field__name bdi').textContent = picture?.name ?? '';
    const about = preparing ? [['compose.preparing']] : note;
    find('.picture-field__note').textContent = words.sayAll(about) || (picture ? words.size(picture.size) : '');
    if (state.previewUrl && preview.src !== state.previewUrl) preview.src = state.previewUrl;
    put(find('.field__error'), words.sayAll(problem));
    inputs[0].setAttribute('aria-invalid', String(problem.length > 0));
    for (const input of inputs) input.disabled = sending;
    find('.picture-field__remove').disabled = sending;
  }

  function show(picture) {
    if (state.previewUrl) objectUrls.revokeObjectURL(state.previewUrl);
    state.previewUrl = picture ? objectUrls.createObjectURL(picture) : null;
    state.picture = picture;
    update();
  }

  /** The file itself is kept at once, what is made of it as soon as that is ready. */
  function take(file) {
    if (state.sending) return;
    state.note = [];
    state.problem = [];
    state.preparing = true;
    show(file);
    onPicture(file);
    announce(words.say('compose.added'));
    work = makeFit(file);
  }

  async function makeFit(file) {
    const isStill = () => state.picture === file;
    try {
      const fit = await prepare(file, {
        limit: state.limit,
        decode,
        newCanvas: () => page.createElement('canvas'),
      });
      if (!isStill()) return;
      state.preparing = false;
      if (!fit.changed) return update();
      const { width, height } = fit;
      state.note = [[fit.changed === 'shrunk' ? 'compose.shrunk' : 'compose.converted', { width, height, bytes: fit.file.size, originalBytes: file.size }]];
      show(fit.file);
      onPicture(fit.file);
    } catch (error) {
      if (!isStill()) return;
      if (!(error instanceof Undecodable)) throw error;
      state.preparing = false;
      show(null);
      onPicture(null);
      refuse([['picture.undecodable']]);
    }
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
    clear();
    onPicture(null);
    inputs[0].focus();
  });

  function clear() {
    state.note = [];
    state.problem = [];
    state.preparing = false;
    show(null);
  }

  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  page.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    // Else the browser would leave the page and show the file.
    event.preventDefault();
    if (!state.dragged) setDragged(true);
  });
  page.addEventListener('dragleave', (event) => event.relatedTarget === null && setDragged(false));
  page.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    setDragged(false);
    takeFrom(event.dataTransfer.files);
  });
  page.addEventListener('paste', (event) => {
    const { files, types } = event.clipboardData;
    // Word processors put a picture of the text beside the text: then the text is meant.
    if (files.length === 0 || types.includes('text/plain')) return;
    event.preventDefault();
    takeFrom(files);
  });

  function setDragged(dragged) {
    state.dragged = dragged;
    update();
  }

  function takeFrom(files) {
    if (state.sending) return;
    take(files[0]);
    if (files.length > 1) refuse([['picture.several']]);
    inputs[0].focus();
  }

  return {
    update,
    take,
    clear,
    refuse,
    /** Done once the picture is what will be sent; answers whether it turned out that it cannot be. */
    async failed() {
      const { preparing } = state;
      await work;
      return preparing && state.picture === null;
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
