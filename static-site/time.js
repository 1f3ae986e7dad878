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
      exact: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' }),
    });
  }
  return formats.get(locale);
}

/** How long ago `moment` was; after a week, its date. */
export function relativeTime(moment, now, { locale, say }) {
  // A clock that is a little slow must not say that a message comes from the future.
  const ago = Math.max(0, now - moment);
  if (ago < MINUTE) return say('time.now');
  const { relative, date } = formatsOf(locale);
  if (ago < HOUR) return relative.format(-Math.floor(ago / MINUTE), 'minute');
  if (ago < DAY) return relative.format(-Math.floor(ago / HOUR), 'hour');
  if (ago < 7 * DAY) return relative.format(-Math.floor(ago / DAY), 'day');
  return date.format(moment);
}

export function exactTime(moment, { locale }) {
  return formatsOf(locale).exact.format(moment);
}
