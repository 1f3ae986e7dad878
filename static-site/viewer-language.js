// The language of this viewer. index.html has this module as a script of its own, so that the dictionary is asked
// for while the other modules are still on their way.

import { LANGUAGES, loadDictionary, negotiate } from './languages.js';
import { createStorage } from './storage.js';

const remembered = createStorage(() => window.localStorage).get('language');

export const language = LANGUAGES.includes(remembered) ? remembered : negotiate(navigator.languages);
export const dictionary = loadDictionary(language);
