// The blank note, on which one begins to write: it opens the composer.

import { emit } from './events.js';
import { setLanguage } from './text-language.js';
import { put } from './words.js';

/** Emits `composer-wanted`, with whether a picture is wanted first. */
export function mountBlankNote(root, { words }) {
  const find = (selector) => root.querySelector(selector);

  find('.blank-note__write').addEventListener('click', () => emit(root, 'composer-wanted', { picture: false }));
  find('.blank-note__picture').addEventListener('click', () => emit(root, 'composer-wanted', { picture: true }));

  return {
    /** @param draft what is being written, or null where that is not known */
    update({ posting, draft }) {
      const isClosed = posting === 'closed';
      find('.blank-note__closed').hidden = !isClosed;
      for (const button of root.querySelectorAll('button')) button.hidden = isClosed;
      const begun = draft?.text.trim() || draft?.pictureName;
      root.classList.toggle('has-draft', Boolean(begun));
      const line = find('.blank-note__line');
      put(line, begun || words.say('compose.invite'));
      setLanguage(line, words.languages);
    },
  };
}
