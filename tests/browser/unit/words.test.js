import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDictionary } from '../../../static-site/languages.js';
import { createWords } from '../../../static-site/words.js';
import { faultsOf, readSite, wordsIn } from '../support/dictionaries.js';

test('no word is missing or unused in any language, and the page can reach every language', async () => {
  assert.deepEqual(faultsOf(await readSite()), []);
});

const mutations = {
  'a word that the page says and no dictionary has': ['en compose.shout: missing', (site) => (site.code += "words.say('compose.shout')")],
  'a word of index.html that no dictionary has': ['en compose.shout: missing', (site) => (site.html += '<p data-say="compose.shout">')],
  'a word that nothing says': ['en list.forgotten: unused', ({ dictionaries }) => Object.values(dictionaries).map((words) => Object.assign(words, { 'list.forgotten': '…' }))],
  'a word that one language lacks': ['zh-Hant list.title: missing', ({ dictionaries }) => delete dictionaries['zh-Hant']['list.title']],
  'a word that only one language has': ['zh-Hant list.more: unused', ({ dictionaries }) => (dictionaries['zh-Hant']['list.more'] = '多')],
  'a value that a translation lacks': ['zh-Hant picture.named: has  instead of {name}', ({ dictionaries }) => (dictionaries['zh-Hant']['picture.named'] = '圖片')],
  'a plural form that is missing': ['en list.new: its plural forms are not one,other', ({ dictionaries }) => delete dictionaries.en['list.new'].one],
  'one of Arabic’s six forms that is missing': ['ar list.new: its plural forms are not few,many,one,other,two,zero', ({ dictionaries }) => delete dictionaries.ar['list.new'].two],
  'an English comma in Arabic': ['ar list.title: has signs of another language', ({ dictionaries }) => (dictionaries.ar['list.title'] += ', و')],
  'a colon without its space in French': ['fr link.title: has signs of another language', ({ dictionaries }) => (dictionaries.fr['link.title'] += ': x')],
  'a Latin full stop in Japanese': ['ja list.end: has signs of another language', ({ dictionaries }) => (dictionaries.ja['list.end'] = '最初です.')],
  'a question without its beginning in Spanish': ['es compose.alt: has signs of another language', ({ dictionaries }) => (dictionaries.es['compose.alt'] = 'Qué hay?')],
  'a sentence that was left in English': ['ko list.end: is English', ({ dictionaries }) => (dictionaries.ko['list.end'] = dictionaries.en['list.end'])],
  'a dictionary that no language leads to': ['words-tlh.js: no language of languages.js leads to it', ({ dictionaryFiles }) => dictionaryFiles.push('words-tlh.js')],
  'a language without a dictionary': ['zh-Hant: there is no words-zh-hant.js', ({ dictionaryFiles }) => dictionaryFiles.splice(dictionaryFiles.indexOf('words-zh-hant.js'), 1)],
};
for (const [what, [fault, mutate]] of Object.entries(mutations)) {
  test(`the check finds ${what}`, async () => {
    const site = await readSite();
    site.dictionaries = structuredClone(site.dictionaries);
    mutate(site);
    assert.deepEqual(faultsOf(site), [fault]);
  });
}

test('what holds the page’s space before any script is the English dictionary', async () => {
  for (const [, key, text] of (await readSite()).html.matchAll(/data-say="([^"]+)"[^>]*>([^<]+)</g)) {
    assert.equal(text, (await loadDictionary('en'))[key], key);
  }
});

test('a language chosen once is remembered', async () => {
  const kept = [];
  const words = createWords({ language: 'en', dictionary: {}, preferred: ['de-AT'], storage: { set: (...item) => kept.push(item) } });
  await words.use('zh-Hant');
  assert.deepEqual(kept, [['language', 'zh-Hant']]);
  assert.equal(words.language, 'zh-Hant');
  assert.equal(words.locale, 'zh-Hant-AT');
  assert.equal(words.say('list.new', { count: 1 }), '1 則新留言');
});

test('the language chosen last is shown, in whatever order the dictionaries come', async () => {
  const arrivals = {};
  const load = (language) => new Promise((resolve) => (arrivals[language] = () => resolve({ word: language })));
  const words = createWords({ language: 'en', dictionary: { word: 'en' }, preferred: [], storage: { set() {} }, load });
  const both = Promise.all([words.use('fr'), words.use('zh-Hant')]);
  arrivals['zh-Hant']();
  arrivals.fr();
  await both;
  assert.deepEqual([words.language, words.say('word')], ['zh-Hant', 'zh-Hant']);
});

test('more is said once that has come, in whichever language, and no language is chosen by that', async () => {
  const kept = [];
  const load = async (language) => ({ word: language });
  const words = createWords({ language: 'en', dictionary: { word: 'en' }, preferred: [], storage: { set: (...item) => kept.push(item) }, load });
  await assert.rejects(words.extend(() => Promise.reject(new TypeError('no connection'))), /no connection/);
  await words.extend(async (language) => ({ more: `more ${language}` }));
  assert.deepEqual([words.say('word'), words.say('more'), kept], ['en', 'more en', []]);
  await words.use('zh-Hant');
  assert.deepEqual([words.say('word'), words.say('more')], ['zh-Hant', 'more zh-Hant']);
});

test('a dictionary that does not come leaves everything in the language that is there', async () => {
  const load = () => Promise.reject(new TypeError('no connection'));
  const words = createWords({ language: 'en', dictionary: { word: 'word' }, preferred: [], storage: { set: assert.fail }, load });
  await assert.rejects(words.use('zh-Hant'), /no connection/);
  assert.deepEqual([words.language, words.say('word')], ['en', 'word']);
});

test('numbers, sizes and plurals are those of the language', async () => {
  const en = await wordsIn('en');
  const zh = await wordsIn('zh-Hant');
  assert.equal(en.say('list.new', { count: 1 }), '1 new message');
  assert.equal(en.say('list.new', { count: 3 }), '3 new messages');
  assert.equal(zh.say('list.new', { count: 1 }), '1 則新留言');
  assert.equal(en.say('compose.left', { count: 1_500 }), '1,500 characters left');
  const ar = await wordsIn('ar', ['ar-EG']);
  assert.deepEqual([1, 2, 3, 11].map((count) => ar.say('list.new', { count })), ['رسالة جديدة واحدة', 'رسالتان جديدتان', '٣ رسائل جديدة', '١١ رسالة جديدة']);
  assert.equal((await wordsIn('ar', ['ar-MA'])).say('list.new', { count: 3 }), '3 رسائل جديدة', 'with the digits of the viewer’s region');
  assert.equal((await wordsIn('pt', ['pt-PT'])).say('list.new', { count: 2 }), '2 novas mensagens');
  assert.equal(en.sayAll([['reason.unreachable'], ['advice.connection']]), 'The board could not be reached. Check your connection and try again.');
  assert.equal(zh.sayAll([['reason.unreachable'], ['advice.connection']]), '連不上留言板。請檢查網路連線，然後再試一次。');
});

test('a name in the other direction does not turn the sentence around it', async () => {
  const [en, ar] = [await wordsIn('en'), await wordsIn('ar')];
  assert.equal(en.say('picture.named', { name: 'a bridge' }), 'Picture: a bridge');
  assert.equal(en.say('picture.named', { name: 'جسر' }), 'Picture: \u2068جسر\u2069');
  assert.equal(ar.say('picture.named', { name: 'جسر' }), 'صورة: جسر');
  assert.equal(ar.say('picture.named', { name: 'a bridge' }), 'صورة: \u2068a bridge\u2069');
});

test('sizes are rounded up, so that what is over the limit looks it', async () => {
  const { size } = await wordsIn('en');
  assert.equal(size(4 * 1024 * 1024), '4\u00a0MB');
  assert.equal(size(4 * 1024 * 1024 + 1), '4.1\u00a0MB');
  assert.equal(size(900), '0.9\u00a0kB');
  assert.equal(size(20_000), '20\u00a0kB');
  assert.equal((await wordsIn('fr')).size(20_000), '20\u202fko');
});
