const monthNames = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const dayNames = 'MonTueWedThuFriSatSun';
const longDayNames = new Set(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']);

/**
 * Reads an HTTP-date, in epoch milliseconds: `Sun, 06 Nov 1994 08:49:37 GMT`, the obsolete
 * `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. Always GMT, whatever the zone of the process; exact to
 * the letter. A year of two digits is the latest one that is not more than 50 years after `nowMs` (default: now).
 * Anything else gives `NaN`: other formats, zones, white space around it, days that do not exist. Never throws.
 * @see RFC 9110 §5.6.7
 */
export function parseHttpDate(text: string, nowMs?: number): number {
  if (typeof text !== 'string') return Number.NaN;
  if (text.length === 29) return parseFixdate(text);
  if (text.length === 24) return parseAsctime(text);
  // rfc850-date: a long name of a day, then 24 characters.
  return text.length >= 30 && text.length <= 33 ? parseRfc850(text, nowMs ?? Date.now()) : Number.NaN;
}

/** Whether an HTTP-date can say this time: one of the years 0 to 9999. */
export const isHttpTime = (ms: number): boolean => ms >= -62_167_219_200_000 && ms < 253_402_300_800_000;

/** The time as an IMF-fixdate, the one form that a sender may use. @throws {RangeError} `ms` is no time of the years 0 to 9999. */
export function formatHttpDate(ms: number): string {
  if (!isHttpTime(ms)) {
    throw new RangeError(`ms: expected a time of the years 0 to 9999 in epoch milliseconds, got ${ms}`);
  }
  return new Date(ms).toUTCString();
}

function parseFixdate(text: string): number {
  if (!isName(dayNames, text, 0) || !text.startsWith(', ', 3) || !text.endsWith(' GMT')) return Number.NaN;
  if (text[7] !== ' ' || text[11] !== ' ' || text[16] !== ' ') return Number.NaN;
  const year = digits(text, 12, 4);
  return compose(year, month(text, 8), digits(text, 5, 2), timeOfDay(text, 17));
}

function parseAsctime(text: string): number {
  if (!isName(dayNames, text, 0) || text[3] !== ' ' || text[7] !== ' ' || text[10] !== ' ' || text[19] !== ' ') {
    return Number.NaN;
  }
  const day = text[8] === ' ' ? digits(text, 9, 1) : digits(text, 8, 2);
  return compose(digits(text, 20, 4), month(text, 4), day, timeOfDay(text, 11));
}

function parseRfc850(text: string, nowMs: number): number {
  const start = text.length - 24;
  if (!longDayNames.has(text.slice(0, start)) || !text.startsWith(', ', start) || !text.endsWith(' GMT')) {
    return Number.NaN;
  }
  if (text[start + 4] !== '-' || text[start + 8] !== '-' || text[start + 11] !== ' ') return Number.NaN;
  const day = digits(text, start + 2, 2);
  const monthIndex = month(text, start + 5);
  const time = timeOfDay(text, start + 12);
  const now = new Date(nowMs);
  const latestYear = now.getUTCFullYear() + 50;
  let year = Math.floor(latestYear / 100) * 100 + digits(text, start + 9, 2);
  if (year > latestYear) year -= 100;
  if (year < latestYear) return compose(year, monthIndex, day, time);
  const latest = new Date(nowMs).setUTCFullYear(latestYear);
  const exact = compose(year, monthIndex, day, time);
  return exact > latest ? compose(year - 100, monthIndex, day, time) : exact;
}

/** `count` digits at `start`, else NaN. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index++) {
    const code = text.charCodeAt(index) - 0x30;
    if (!(code >= 0 && code <= 9)) return Number.NaN;
    value = value * 10 + code;
  }
  return value;
}

/** True if one of the three-letter `names` stands at `start`. */
function isName(names: string, text: string, start: number): boolean {
  return names.indexOf(text.slice(start, start + 3)) % 3 === 0;
}

/** 0 to 11, else NaN. */
function month(text: string, start: number): number {
  const index = monthNames.indexOf(text.slice(start, start + 3));
  return index % 3 === 0 ? index / 3 : Number.NaN;
}

/** `hh:mm:ss` in seconds, else NaN. 23:59:60 is a leap second and counts as the first second of the next day. */
function timeOfDay(text: string, start: number): number {
  if (text[start + 2] !== ':' || text[start + 5] !== ':') return Number.NaN;
  const hour = digits(text, start, 2);
  const minute = digits(text, start + 3, 2);
  const second = digits(text, start + 6, 2);
  const inRange = hour <= 23 && minute <= 59 && (second <= 59 || (second === 60 && hour === 23 && minute === 59));
  return inRange ? hour * 3600 + minute * 60 + second : Number.NaN;
}

function compose(year: number, monthIndex: number, day: number, seconds: number): number {
  if (!(year >= 0 && monthIndex >= 0 && day >= 1 && seconds >= 0)) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, monthIndex, day); // unlike Date.UTC, takes the years 0 to 99 as they are
  return date.getUTCDate() === day ? date.getTime() + seconds * 1000 : Number.NaN;
}
