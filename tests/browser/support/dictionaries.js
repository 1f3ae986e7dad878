// The page's dictionaries, and what is wrong with them.

import { readFile, readdir } from 'node:fs/promises';
import { LANGUAGES, loadDictionary } from '../../../static-site/languages.js';
import { loadReviewWords } from '../../../static-site/review-words.js';
import { createWords } from '../../../static-site/words.js';

export const SITE = new URL('../../../static-site/', import.meta.url);

/** What the page says in `language`, to a viewer who prefers other languages, too. */
export async function wordsIn(language, preferred = []) {
  return createWords({ language, dictionary: await allWordsIn(language), preferred, storage: { set() {} } });
}

/** Reads all that `faultsOf` looks at. */
export async function readSite() {
  const files = await readdir(SITE);
  const read = (name) => readFile(new URL(name, SITE), 'utf8');
  const modules = files.filter((name) => name.endsWith('.js') && !/^(review-)?words-/.test(name));
  return {
    languages: LANGUAGES,
    dictionaryFiles: files.filter((name) => /^(review-)?words-/.test(name)),
    dictionaries: Object.fromEntries(await Promise.all(LANGUAGES.map(async (language) => [language, await allWordsIn(language)]))),
    html: await read('index.html'),
    code: (await Promise.all(modules.map(read))).join('\n'),
  };
}

/** What is said at once, and what is said only where it is needed. */
async function allWordsIn(language) {
  const [first, later] = await Promise.all([loadDictionary(language), loadReviewWords(language)]);
  const twice = Object.keys(later).filter((key) => key in first);
  if (twice.length > 0) throw new Error(`said in two places: ${twice.join()}`);
  return { ...first, ...later };
}

/** Every word that is missing or unused, and every language that cannot be reached, a line for each. */
export function faultsOf({ languages, dictionaryFiles, dictionaries, html, code }) {
  const [standard] = languages;
  const words = dictionaries[standard];
  const used = usedWords({ html, code, words });
  return [
    ...dictionaryFiles.filter((name) => !languages.some((language) => filesOf(language).includes(name))).map((name) => `${name}: no language of languages.js leads to it`),
    ...languages.flatMap((language) => filesOf(language).filter((name) => !dictionaryFiles.includes(name)).map((name) => `${language}: there is no ${name}`)),
    ...used.filter((key) => !(key in words)).map((key) => `${standard} ${key}: missing`),
    ...Object.keys(words).filter((key) => !used.includes(key)).map((key) => `${standard} ${key}: unused`),
    ...languages.slice(1).flatMap((language) => differences(language, dictionaries[language], words)),
    ...languages.flatMap((language) => pluralFaults(language, dictionaries[language])),
    ...languages.flatMap((language) => typographyFaults(language, dictionaries[language])),
    ...languages.slice(1).flatMap((language) => untranslated(language, dictionaries[language], words)),
  ];
}

const filesOf = (language) => ['words', 'review-words'].map((name) => `${name}-${language.toLowerCase()}.js`);

function usedWords({ html, code, words }) {
  // The modules make some of the page's HTML, so they are searched as well.
  const used = new Set([...`${html}${code}`.matchAll(/data-say(?:-label)?="([^"]+)"/g)].map(([, key]) => key));
  // Keys are written out, or begin with what is written out: `compose.${…}`.
  for (const key of Object.keys(words)) {
    const prefix = key.slice(0, key.indexOf('.') + 1);
    if (code.includes(`'${key}'`) || code.includes(`\`${prefix}\${`)) used.add(key);
  }
  for (const [, key] of code.matchAll(/say\('([\w.-]+)'/g)) used.add(key);
  for (const [, key] of code.matchAll(/\[\['([\w.-]+\.[\w-]+)'/g)) used.add(key);
  return [...used];
}

function differences(language, dictionary, words) {
  return [
    ...Object.keys(words).filter((key) => !(key in dictionary)).map((key) => `${language} ${key}: missing`),
    ...Object.keys(dictionary).filter((key) => !(key in words)).map((key) => `${language} ${key}: unused`),
    ...Object.keys(words)
      .filter((key) => key in dictionary && valuesIn(dictionary[key]) !== valuesIn(words[key]))
      .map((key) => `${language} ${key}: has ${valuesIn(dictionary[key])} instead of ${valuesIn(words[key])}`),
  ];
}

/** The `{values}` of a sentence, in all of its plural forms. */
function valuesIn(sentence) {
  return [...new Set(formsOf(sentence).join().match(/\{\w+\}/g))].sort().join();
}

/** The forms that counts take; those which only millions take are left out. */
function pluralFaults(language, dictionary) {
  const rules = new Intl.PluralRules(language);
  const needed = [...new Set(Array.from({ length: 1_001 }, (_, count) => rules.select(count)))].sort().join();
  return Object.entries(dictionary)
    .filter(([, sentence]) => typeof sentence === 'object' && Object.keys(sentence).sort().join() !== needed)
    .map(([key]) => `${language} ${key}: its plural forms are not ${needed}`);
}

/** Signs that a language does not write, by the language or the script. */
const FOREIGN_SIGNS = {
  ar: /[,;?]|“|”/,
  de: /”|“(?=\p{L})|[«»]/u,
  es: /“|”|(?<!¿[^?]*)\?|(?<!¡[^!]*)!/,
  fr: /[^\u202f][:;!?»]|«(?!\u202f)|“|”/,
  ja: /[,.;:!?()“”]/,
  ko: /[、。，：；！？“”]/,
  'zh-Hans': /[,.;:!?()「」]/,
  'zh-Hant': /[,.;:!?()“”]/,
};

function typographyFaults(language, dictionary) {
  return Object.entries(dictionary)
    .filter(([, sentence]) => formsOf(sentence).some((form) => /['"]|\.\.\./.test(form) || FOREIGN_SIGNS[language]?.test(form)))
    .map(([key]) => `${language} ${key}: has signs of another language`);
}

/** Words that are spelt alike in English. */
const SPELT_ALIKE = { de: ['compose.author'], fr: ['compose.text', 'list.title', 'log.messages'] };

function untranslated(language, dictionary, words) {
  return Object.entries(dictionary)
    .filter(([key, sentence]) => /\p{L}/u.test(formsOf(sentence).join().replace(/\{\w+\}/g, '')) && formsOf(sentence).join() === formsOf(words[key] ?? '').join())
    .filter(([key]) => !SPELT_ALIKE[language]?.includes(key))
    .map(([key]) => `${language} ${key}: is English`);
}

const formsOf = (sentence) => (typeof sentence === 'object' ? Object.values(sentence) : [sentence]);
