// Moments in words: how long ago, and exactly.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Made once for each locale: making one costs more than using it a hundred times.
const formats = new Map();

function formatsOf(locale) {
  if (!formats.has(locale)) {
    formats.set(locale, {
      relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
      date: new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }),
      units: Object.fromEntries(['minute', 'hour', 'day'].map((unit) => [unit, new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' })])),
      exact: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' }),
    });
  }
  return formats.get(locale);
}

/** How long ago `moment` was; after a week, its date. */
export function relativeTime(moment, now, words) {
  return told(moment, now, words, (count, unit) => formatsOf(words.locale).relative.format(-count, unit));
}

/** The same in few letters, for where there is little room: `4 min`. */
export function shortTime(moment, now, words) {
  return told(moment, now, words, (count, unit) => formatsOf(words.locale).units[unit].format(count));
}

function told(moment, now, { locale, say }, format) {
  // A clock that is a little slow must not say that a message comes from the future.
  const ago = Math.max(0, now - moment);
  if (ago < MINUTE) return say('time.now');
  if (ago < HOUR) return format(Math.floor(ago / MINUTE), 'minute');
  if (ago < DAY) return format(Math.floor(ago / HOUR), 'hour');
  if (ago < 7 * DAY) return format(Math.floor(ago / DAY), 'day');
  return formatsOf(locale).date.format(moment);
}

export function exactTime(moment, { locale }) {
  return formatsOf(locale).exact.format(moment);
}
