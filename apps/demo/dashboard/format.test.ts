import { expect, it } from 'vitest';
import { count, escape, figure, prose, savedPercent, seconds } from './format.ts';

it('writes counts whole and shares with one digit, and says what is not known', () => {
  expect([count(12_345), count(0), count(undefined)]).toEqual(['12,345', '0', '–']);
  expect([savedPercent(0.9864), savedPercent(-0.5), savedPercent(0), savedPercent(undefined)]).toEqual([
    '98.6 %',
    '−50.0 %',
    '0 %',
    '–',
  ]);
});

it('gives a figure as many digits as it deserves', () => {
  expect([figure(0), figure(0.424), figure(7.126), figure(71.26), figure(1_234.5)]).toEqual([
    '0',
    '0.42',
    '7.13',
    '71.3',
    '1,235',
  ]);
  expect(seconds(2_500)).toBe('2.5 s');
});

it('makes text safe in elements and attributes', () => {
  expect(escape(`<a href="x" title='y'>&`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
  expect(prose('98k -> 1k <b>')).toBe('98k → 1k &lt;b&gt;');
});
