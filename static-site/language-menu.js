// The menu of the page's languages, each named as it calls itself.

import { emit } from './events.js';
import { LANGUAGES, nameOf } from './languages.js';

/** Emits `language-changed`. */
export function mountLanguageMenu(select, { words, announce }) {
  for (const language of LANGUAGES) {
    const option = new Option(nameOf(language), language);
    option.lang = language;
    select.append(option);
  }

  function update() {
    select.value = words.language;
  }

  select.addEventListener('change', async () => {
    try {
      await words.use(select.value);
    } catch {
      // Where the dictionary does not come, the page stays in the language that it has.
      announce([['advice.reload']]);
    }
    update();
    emit(select, 'language-changed');
  });

  update();
}
