// Moments in words: how long ago, and exactly.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const unit = (name) => (locale) => new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short' });
const FORMATS = {
  relative: (locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
  date: (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }),
  exact: (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' }),
  minute: unit('minute'),
  hour: unit('hour'),
  day: unit('day'),
};
// The formats are made once for each locale, when they are wanted: making one costs more than using it a hundred times.
const formats = new Map();

function format(name, locale) {
  const key = `${name} ${locale}`;
  if (!formats.has(key)) formats.set(key, FORMATS[name](locale));
  return formats.get(key);
}

/** How long ago `moment` was; after a week, its date. */
export function relativeTime(moment, now, words) {
  return told(moment, now, words, (count, name) => format('relative', words.locale).format(-count, name));
}

/** How long ago `moment` was in few letters, for where there is little room: `4 min`. */
export function shortTime(moment, now, words) {
  return told(moment, now, words, (count, name) => format(name, words.locale).format(count));
}

function told(moment, now, { locale, say }, tell) {
  // A clock that is a little slow must not say that a message comes from the future.
  const ago = Math.max(0, now - moment);
  if (ago < MINUTE) return say('time.now');
  if (ago < HOUR) return tell(Math.floor(ago / MINUTE), 'minute');
  if (ago < DAY) return tell(Math.floor(ago / HOUR), 'hour');
  if (ago < 7 * DAY) return tell(Math.floor(ago / DAY), 'day');
  return format('date', locale).format(moment);
}

export function exactTime(moment, { locale }) {
  return format('exact', locale).format(moment);
}
