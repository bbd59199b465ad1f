import { expect, it } from 'vitest';
import { stubResult } from '../../tests/support/stub-scenario.ts';
import { duration, renderResult, renderSummary } from './table.ts';

it('puts the figures of a scenario beside bound and source, and says what was skipped', () => {
  const [row] = stubResult().rows;
  const lease = { ...row!, name: 'with the lease', after: undefined, reduction: undefined, skipped: 'no Redis' };
  const text = renderResult({ ...stubResult(), rows: [row!, lease], skipped: ['the lease: run "brew install redis"'] });

  expect(text).toMatch(/GetThing +1,000 +7 +10 +99.3 % \(>= 98 %\) +ok/);
  expect(text).toMatch(/with the lease +1,000 +- +10 +- +SKIPPED \(no Redis\)/);
  expect(text).toContain('SKIPPED the lease: run "brew install redis"');
  expect(text).toContain('stub: REPRODUCED, but for what was skipped');
});

it('sums several scenarios up', () => {
  const broken = { ...stubResult('other'), status: 'broken' as const, skipped: ['nginx'] };

  expect(renderSummary([stubResult(), broken]).split('\n')).toEqual([
    'scenario  figure    before  after  bound  verdict',
    'stub      GetThing   1,000      7     10  REPRODUCED',
    'other     GetThing   1,000      7     10  BROKEN, in part skipped',
  ]);
});

it('says long durations in minutes', () => {
  expect([duration(400), duration(54_000), duration(4_682_000)]).toEqual(['1 s', '54 s', '79 min']);
});
