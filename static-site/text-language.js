// In which language somebody wrote, as far as the letters tell.

/** Scripts that tell a language, or at least themselves (BCP 47). */
const SCRIPTS = Object.entries({
  ar: 'Arab',
  he: 'Hebr',
  th: 'Thai',
  el: 'Grek',
  ka: 'Geor',
  hy: 'Armn',
  'und-Cyrl': 'Cyrl',
  'und-Deva': 'Deva',
  bn: 'Beng',
  ta: 'Taml',
  te: 'Telu',
  km: 'Khmr',
  lo: 'Laoo',
  my: 'Mymr',
}).map(([tag, script]) => [tag, matching(`\\p{sc=${script}}`)]);

const LATIN_ALONE = /^[\p{sc=Latin}\p{sc=Common}\p{sc=Inherited}]*$/u;
const LATIN = matching('\\p{sc=Latin}');
const CJK = matching('[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}\\p{sc=Bopo}]');
const KANA = matching('[\\p{sc=Hira}\\p{sc=Kana}]');
const HANGUL = matching('\\p{sc=Hang}');
const BOPOMOFO = matching('\\p{sc=Bopo}');
const VIETNAMESE = /[ơưảấầẩẫậắằẳẵặẻếềểễệỉỏốồổỗộớờởỡợủứừửữựỷ]/i;

// Frequent characters that one way of writing Chinese has alone, and Japanese has not.
const SIMPLIFIED = /[这们说吗对给让欢听买卖关图书东车门见长时为发现实请问还进远边运动开电话语读气爱应习飞马鱼鸟头张两样觉钱间单员难热战儿从业义乡亲亿仅价优传伤师帮带总]/;
const TRADITIONAL = /[這們說嗎麼沒對讓歡聽賣點關樂圖國學會來從實發體氣當與應變邊鐵臺灣醫轉處號戰總歲戶覺讀寫]/;

/** A Chinese character says about as much as three letters. */
const WEIGHT = 3;

/**
 * The language tag of a text; null where its letters are Latin and tell nothing.
 * @param languages what the viewer reads, best first: Chinese characters alone are taken for the viewer's own Chinese
 */
export function languageOf(text, languages) {
  const read = text.normalize('NFC').replace(/https?:\/\/\S+/g, '');
  const latin = VIETNAMESE.test(read) ? 'vi' : null;
  if (LATIN_ALONE.test(read)) return latin;
  const count = (pattern) => read.match(pattern)?.length ?? 0;
  const counts = [['cjk', WEIGHT * count(CJK)], ...SCRIPTS.map(([language, pattern]) => [language, count(pattern)])];
  const [tag, most] = counts.reduce((one, other) => (other[1] > one[1] ? other : one));
  if (most === 0 || most < count(LATIN)) return latin;
  if (tag !== 'cjk') return tag;
  if (count(HANGUL) > count(KANA)) return 'ko';
  if (count(KANA) > 0) return 'ja';
  return count(BOPOMOFO) > 0 ? 'zh-Hant' : chineseOf(read, languages);
}

/** Gives `element` the attribute `lang` by the `text` that it says; without one it is taken for the page's language. */
export function setLanguage(element, languages, text = element.textContent) {
  const language = languageOf(text, languages);
  if (language) element.lang = language;
  else element.removeAttribute('lang');
}

function chineseOf(text, languages) {
  const own = languages.find((language) => /^zh\b/i.test(language));
  if (own) return `zh-${new Intl.Locale(own).maximize().script}`;
  if (SIMPLIFIED.test(text)) return 'zh-Hans';
  if (TRADITIONAL.test(text)) return 'zh-Hant';
  return languages.some((language) => /^ja\b/i.test(language)) ? 'ja' : 'zh';
}

function matching(source) {
  return new RegExp(source, 'gu');
}
