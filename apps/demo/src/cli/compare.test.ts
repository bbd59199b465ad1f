import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stubResult } from '../../tests/support/stub-scenario.ts';
import type { RunResult, ScenarioResult } from '../run/result.ts';
import { UsageError } from './arguments.ts';
import { compareResults, readResult } from './compare.ts';

const host = { cores: 2, processor: 'p', memoryGiB: 8, system: 's' };
const run = (...scenarios: ScenarioResult[]): RunResult => ({
  schemaVersion: 1,
  runId: 'r',
  date: '2026-01-01T00:00:00.000Z',
  git: 'abc',
  versions: {},
  host,
  seed: 1,
  scenarios,
});
const withAfter = (after: number): ScenarioResult => {
  const result = stubResult();
  const holds = after <= 10;
  return { ...result, status: holds ? 'reproduced' : 'broken', rows: [{ ...result.rows[0]!, after }] };
};

describe('compare', () => {
  it('puts the figures of two runs side by side', () => {
    const { text, isWorse } = compareResults(run(withAfter(8)), run(withAfter(6)));

    expect(text).toMatch(/GetThing +1,000 +1,000 +8 +6 +-25 % +10 +ok/);
    expect(isWorse).toBe(false);
  });

  it('is worse when a bound that held is broken', () => {
    const { text, isWorse } = compareResults(run(withAfter(8)), run(withAfter(40)));

    expect(text).toContain('BROKEN');
    expect(isWorse).toBe(true);
  });

  it('names the scenarios that only one of the runs has, and loads that differ', () => {
    const text = compareResults(
      run(withAfter(8), stubResult('gone')),
      run({ ...withAfter(8), scale: 'load 1:1' }, stubResult('new')),
    ).text;

    expect(text).toContain('gone: only in the first run');
    expect(text).toContain('new: only in the second run');
    expect(text).toContain('the loads differ');
  });

  it('refuses a file that is no result', () => {
    const folder = mkdtempSync(join(tmpdir(), 'compare-'));
    const file = join(folder, 'a.json');
    try {
      writeFileSync(file, '{"schemaVersion": 2}');

      expect(() => readResult(file)).toThrow(UsageError);
      expect(() => readResult(join(folder, 'missing.json'))).toThrow(UsageError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
