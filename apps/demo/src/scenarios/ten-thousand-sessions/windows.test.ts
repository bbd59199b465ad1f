import { expect, it } from 'vitest';
import { countBetween, slowerThan, worstWindow } from './windows.ts';

const at = (sentMs: number, answeredMs = sentMs, admitted = true) => ({ sentMs, answeredMs, admitted });

it('counts the admissions within the worst half-open window', () => {
  const answers = [at(0), at(10), at(100), at(105), at(109), at(300)];

  expect(worstWindow(answers, 10)).toBe(3);
  expect(worstWindow(answers, 100)).toBe(4);
  expect(worstWindow(answers, 1_000)).toBe(6);
  expect(worstWindow([], 10)).toBe(0);
});

it('counts no denials', () => {
  expect(worstWindow([at(0), at(1, 1, false), at(2)], 10)).toBe(2);
});

it('counts what may have been decided outside the window as outside', () => {
  // Decided at some moment from 0 to 12: perhaps before the other's window of 10 began.
  expect(worstWindow([at(0, 12), at(5, 5)], 10)).toBe(1);
});

it('counts by the time of sending, and says who waited', () => {
  const answers = [at(0, 5), at(10, 2_000), at(20, 25, false)];

  expect(countBetween(answers, 0, 10)).toEqual({ sent: 1, admitted: 1 });
  expect(countBetween(answers, 10, Infinity)).toEqual({ sent: 2, admitted: 1 });
  expect(slowerThan(answers, 1_000)).toBe(1);
});
