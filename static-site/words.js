// What the page says, in the language of its viewer. `words-*.js` hold the sentences.

import en from './words-en.js';
import zhHant from './words-zh-hant.js';

/** By the language tag that the page gets; the first is for everyone whose own is not here. */
export const DICTIONARIES = { en, 'zh-Hant': zhHant };

/** The first of the viewer's languages that the page speaks. All Chinese is written one way here. */
export function chooseLanguage(languages) {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh-Hant';
    if (/^en\b/i.test(language)) return 'en';
  }
  return 'en';
}

/** Where it is said already it is left alone: nobody is told twice. */
export function put(element, sentence) {
  if (element.textContent !== sentence) element.textContent = sentence;
}

export function createWords({ device, languages, dictionaries = DICTIONARIES }) {
  const remembered = device.get('language');
  let language = remembered in dictionaries ? remembered : chooseLanguage(languages);

  /** The sentence `key` with its `{values}`; `count` decides between singular and plural, `…bytes` are sizes. */
  function say(key, values = {}) {
    let sentence = dictionaries[language][key];
    if (typeof sentence === 'object') {
      const form = new Intl.PluralRules(language).select(values.count);
      sentence = sentence[form] ?? sentence.other;
    }
    return sentence.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      if (/bytes$/i.test(name)) return size(value);
      return typeof value === 'number' ? value.toLocaleString(language) : value;
    });
  }

  /** A size in bytes for people: `3.4 MB`. One MB is 1024 × 1024 bytes, as in the board's limit. */
  function size(bytes) {
    const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KB'] : [bytes / 1024 / 1024, 'MB'];
    // Rounded up, so that a file just over the limit does not look as if it were within.
    const digits = amount < 10 ? 10 : 1;
    return `${(Math.ceil(amount * digits) / digits).toLocaleString(language)}\u00a0${unit}`;
  }

  return {
    get language() {
      return language;
    },

    say,
    size,

    /** Sentences one after the other: `[[key, values], …]`, as `problems.js` gives them. */
    sayAll: (sayings) => sayings.map(([key, values]) => say(key, values)).join(say('between.sentences')),

    use(chosen) {
      language = chosen;
      device.set('language', chosen);
    },

    /** Puts the sentences that `data-say` and `data-say-label` name into `root`. */
    fill(root) {
      for (const element of root.querySelectorAll('[data-say]')) element.textContent = say(element.dataset.say);
      for (const element of root.querySelectorAll('[data-say-label]')) {
        element.setAttribute('aria-label', say(element.dataset.sayLabel));
      }
    },
  };
}
