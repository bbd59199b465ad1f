import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { formatHttpDate, parseHttpDate } from './http-date.ts';

// Many random cases, on a machine that may be busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const nov2026 = Date.UTC(2026, 10, 21);

describe('parseHttpDate', () => {
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'Sun Nov 06 08:49:37 1994',
  ])('reads %s', (text) => {
    expect(parseHttpDate(text, nov2026)).toBe(784_111_777_000);
  });

  it.each([
    '',
    '0',
    '9999',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 gmt',
    'Sun, 06 Nov 1994 08:49:37  GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    '"Sun, 06 Nov 1994 08:49:37 GMT"',
    'sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 nov 1994 08:49:37 GMT',
    'Sxn, 06 Nov 1994 08:49:37 GMT',
    'unT, 06 Nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun,06 Nov 1994 08:49:37 GMT ',
    'Sun, 06-Nov-1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Wed, 29 Feb 2023 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:60 GMT',
    'Sun, 06 Nov 1994 8:49:370 GMT',
    'Sun, 06 Nov 1994 08:49:37 EST',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 ovD 1994 08:49:37 GMT',
    'Sun, 0x Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT; length=1',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sunday, 06 Nov 94 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Someday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
    'Sun Nov   08:49:37 1994',
    'Sun Nov  0 08:49:37 1994',
  ])('gives NaN for %j', (text) => {
    expect(parseHttpDate(text, nov2026)).toBeNaN();
  });

  it.each([
    { text: 'Saturday, 21-Nov-76 00:00:00 GMT', year: 2076, why: 'exactly 50 years ahead' },
    { text: 'Saturday, 21-Nov-76 00:00:01 GMT', year: 1976, why: 'a second more than 50 years ahead' },
    { text: 'Saturday, 21-Nov-75 00:00:00 GMT', year: 2075, why: 'less than 50 years ahead' },
    { text: 'Saturday, 21-Nov-77 00:00:00 GMT', year: 1977, why: 'more than 50 years ahead' },
    { text: 'Saturday, 21-Nov-00 00:00:00 GMT', year: 2000, why: 'the past' },
  ])('takes the year of $text as $year: $why', ({ text, year }) => {
    expect(new Date(parseHttpDate(text, nov2026)).getUTCFullYear()).toBe(year);
  });

  it('takes 23:59:60 as a leap second', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1));
  });

  it('knows the years before 100', () => {
    expect(new Date(parseHttpDate('Sat, 01 Jan 0050 00:00:00 GMT')).toISOString()).toBe('0050-01-01T00:00:00.000Z');
  });

  it('reads back all three forms of any second', () => {
    const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2070, 0, 1) / 1000 }), (seconds) => {
        const ms = seconds * 1000;
        const fixdate = formatHttpDate(ms);
        const [, day = '', month = '', year = '', time = ''] = fixdate.split(' ');
        const weekday = days[new Date(ms).getUTCDay()]!;

        expect(parseHttpDate(fixdate)).toBe(ms);
        expect(parseHttpDate(`${weekday.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`)).toBe(ms);
        expect(parseHttpDate(`${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`, ms)).toBe(ms);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof parseHttpDate(value as string) === 'number'));
  });
});

describe('formatHttpDate', () => {
  it('refuses what is no time', () => {
    expect(() => formatHttpDate(Number.NaN)).toThrow(RangeError);
    expect(() => formatHttpDate(253_402_300_800_000)).toThrow('ms: expected a time of the years 0 to 9999');
  });
});
