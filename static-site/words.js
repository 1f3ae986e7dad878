// What the page says, in the language of its viewer. `words-*.js` hold the sentences.

import { directionOf, loadDictionary, localize } from './languages.js';
import { exactTime } from './time.js';

/** Puts a sentence into an element, which is left alone where it says that already: nobody is told twice. */
export function put(element, sentence) {
  if (element.textContent !== sentence) element.textContent = sentence;
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufefc]/;

/** @param preferred the viewer's languages, most wanted first, as `navigator.languages` has them */
export function createWords({ language, dictionary, preferred, storage, load = loadDictionary }) {
  let locale = localize(language, preferred);
  /** The language asked for last: dictionaries may come in another order. */
  let wanted = language;
  /** The functions that load sentences of a language: the first `load`, and those that `extend` added. */
  const loads = [load];

  /**
   * The sentence `key` with its `{values}`; `count` decides between singular and plural, `…bytes` are sizes, lists are
   * of names, dates are moments.
   */
  function say(key, values = {}) {
    let sentence = dictionary[key];
    if (typeof sentence === 'object') {
      const form = new Intl.PluralRules(language).select(values.count);
      sentence = sentence[form] ?? sentence.other;
    }
    return sentence.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      if (/bytes$/i.test(name)) return size(value);
      if (Array.isArray(value)) return value.map((quoted) => say('quote', { quoted })).join(say('between.names'));
      if (value instanceof Date) return exactTime(value, { locale });
      return typeof value === 'number' ? value.toLocaleString(locale) : isolate(String(value));
    });
  }

  /** A size in bytes for people: `3.4 MB`. One MB is 1024 × 1024 bytes, as in the board's limit. */
  function size(bytes) {
    const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'kilobyte'] : [bytes / 1024 / 1024, 'megabyte'];
    // Rounded up, so that a file just over the limit does not look as if it were within.
    const digits = amount < 10 ? 10 : 1;
    return (Math.ceil(amount * digits) / digits).toLocaleString(locale, { style: 'unit', unit }).replace(' ', '\u00a0');
  }

  /** Isolates a value that is written in the other direction than the page, so that the sentence around it is not turned. */
  function isolate(value) {
    return RIGHT_TO_LEFT.test(value) === (directionOf(language) === 'rtl') ? value : `\u2068${value}\u2069`;
  }

  /** Loads a language's sentences, and answers whether it is still the language that was asked for last. */
  async function take(chosen) {
    wanted = chosen;
    const loaded = await Promise.all(loads.map((one) => one(chosen)));
    if (wanted !== chosen) return false;
    dictionary = Object.assign({}, ...loaded);
    language = chosen;
    locale = localize(language, preferred);
    return true;
  }

  return {
    get language() {
      return language;
    },

    /** `ltr` or `rtl`. */
    get direction() {
      return directionOf(language);
    },

    /** The page's language, then those that the viewer reads. */
    get languages() {
      return [language, ...preferred];
    },

    /** The locale for what the browser itself writes: dates, times and numbers. */
    get locale() {
      return locale;
    },

    has: (key) => key in dictionary,
    say,
    size,

    /** Sentences one after the other: `[[key, values], …]`, as `problems.js` gives them. */
    sayAll: (sayings) => sayings.map(([key, values]) => say(key, values)).join(say('between.sentences')),

    /** Changes to another language. Fails where the dictionary does not come. */
    async use(chosen) {
      if (await take(chosen)) storage.set('language', chosen);
    },

    /** Adds the sentences that `loadMore` brings, as `load` does. Fails where these do not come. */
    async extend(loadMore) {
      await loadMore(wanted);
      loads.push(loadMore);
      await take(wanted);
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
