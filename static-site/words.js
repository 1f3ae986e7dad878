// What the page says, in the language of its viewer. `words-*.js` hold the sentences.

import { exactTime } from './time.js';
import en from './words-en.js';
import zhHant from './words-zh-hant.js';

/** By the language tag that the page gets; the first is for everyone whose own is not here. */
export const DICTIONARIES = { en, 'zh-Hant': zhHant };

const REGION = /^[a-z]{2,3}(?:-[a-z]{4})?-([a-z]{2}|\d{3})\b/i;

/** The first of the viewer's languages that the page speaks. All Chinese is written one way here. */
export function chooseLanguage(languages) {
  for (const language of languages) {
    const spoken = spokenIn(language);
    if (spoken) return spoken;
  }
  return 'en';
}

function spokenIn(tag) {
  if (/^zh\b/i.test(tag)) return 'zh-Hant';
  return /^en\b/i.test(tag) ? 'en' : null;
}

/**
 * The page's language as it is written where the viewer is: their dates, their clock. A tag of the same language
 * says that best (`en-GB`), else any that names a region.
 */
export function localeOf(language, languages) {
  const regional = languages.filter((tag) => REGION.test(tag));
  const tag = regional.find((one) => spokenIn(one) === language) ?? regional[0];
  return tag ? `${language}-${REGION.exec(tag)[1]}` : language;
}

/** Where it is said already it is left alone: nobody is told twice. */
export function put(element, sentence) {
  if (element.textContent !== sentence) element.textContent = sentence;
}

export function createWords({ device, languages, dictionaries = DICTIONARIES }) {
  const remembered = device.get('language');
  let language = remembered in dictionaries ? remembered : chooseLanguage(languages);
  let locale = localeOf(language, languages);

  /**
   * The sentence `key` with its `{values}`; `count` decides between singular and plural, `…bytes` are sizes, lists are
   * of names, dates are moments.
   */
  function say(key, values = {}) {
    let sentence = dictionaries[language][key];
    if (typeof sentence === 'object') {
      const form = new Intl.PluralRules(language).select(values.count);
      sentence = sentence[form] ?? sentence.other;
    }
    return sentence.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      if (/bytes$/i.test(name)) return size(value);
      if (Array.isArray(value)) return value.map((quoted) => say('quote', { quoted })).join(say('between.names'));
      if (value instanceof Date) return exactTime(value, { locale });
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

    /** For what the browser itself writes: dates and times. */
    get locale() {
      return locale;
    },

    say,
    size,

    /** Sentences one after the other: `[[key, values], …]`, as `problems.js` gives them. */
    sayAll: (sayings) => sayings.map(([key, values]) => say(key, values)).join(say('between.sentences')),

    use(chosen) {
      language = chosen;
      locale = localeOf(language, languages);
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
