// The languages of the page, and which of them is the viewer's.

/** What each language calls itself, by its tag (BCP 47): as `Intl.DisplayNames` has it, which takes a viewer's phone long to load. */
const NAMES = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  id: 'Indonesia',
  pt: 'Português',
  vi: 'Tiếng Việt',
  ar: 'العربية',
  ko: '한국어',
  ja: '日本語',
  'zh-Hans': '简体中文',
  'zh-Hant': '繁體中文',
};

/** Every language's dictionary is `words-<tag in lower case>.js`. The first one is for everyone whose own languages are not here. */
export const LANGUAGES = Object.keys(NAMES);

const RIGHT_TO_LEFT_SCRIPTS = ['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa'];

/** A dictionary comes on demand: a viewer needs one of them. */
export async function loadDictionary(language) {
  return (await import(`./words-${language.toLowerCase()}.js`)).default;
}

/**
 * The first of the viewer's languages that the page speaks, in the script and region that are nearest to theirs.
 * @param preferred language tags as `navigator.languages` has them
 */
export function negotiate(preferred, available = LANGUAGES) {
  for (const wanted of parseAll(preferred)) {
    // What begins otherwise need not be parsed, which takes long.
    const candidates = parseAll(available.filter((tag) => tag.split('-')[0] === wanted.language));
    const nearness = ({ script, region }) => 2 * (script === wanted.script) + (region === wanted.region);
    const [nearest] = candidates.toSorted((a, b) => nearness(b) - nearness(a));
    if (nearest) return nearest.tag;
  }
  return available[0];
}

/**
 * The page's language as it is written in the viewer's region: their dates, their clock. A tag of the same language
 * says the region best (`en-GB`), else any tag that names one.
 */
export function localize(language, preferred) {
  const regional = parseAll(preferred).filter(({ hasRegion }) => hasRegion);
  const own = regional.find((locale) => locale.language === new Intl.Locale(language).language) ?? regional[0];
  return own ? new Intl.Locale(language, { region: own.region }).toString() : language;
}

/** `ltr` or `rtl`, for the attribute `dir`. */
export function directionOf(language) {
  return RIGHT_TO_LEFT_SCRIPTS.includes(new Intl.Locale(language).maximize().script) ? 'rtl' : 'ltr';
}

/** What a language calls itself, as it stands at the beginning of a line. */
export const nameOf = (language) => NAMES[language];

/** Language, script and region of each tag, the likely ones where a tag names none; leaves out what is no tag. */
function parseAll(tags) {
  return tags.flatMap((tag) => {
    try {
      // Where the system's language is the C locale, browsers say en-US@posix.
      const locale = new Intl.Locale(tag.replace(/@.*/, ''));
      const { language, script, region } = locale.maximize();
      return [{ tag, language, script, region, hasRegion: locale.region !== undefined }];
    } catch {
      return [];
    }
  });
}
