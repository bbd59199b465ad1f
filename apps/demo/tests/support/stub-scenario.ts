import { gate } from '@corral-internal/test-kit';
import type { Point } from '../../src/run/live.ts';
import type { Phase, ScenarioResult } from '../../src/run/result.ts';
import type { Stage } from '../../src/run/stage.ts';
import type { Reporter, RunOptions, Scenario } from '../../src/scenarios/scenario.ts';

/** A run that a test holds in its hand: it says what is measured, and when the end comes. */
export interface HeldRun {
  options: RunOptions;
  reporter: Required<Pick<Reporter, 'progress' | 'sample' | 'offer'>>;
  signal: AbortSignal;
  finish(result: ScenarioResult): void;
  fail(error: Error): void;
}

export interface StubScenario {
  scenario: Scenario;
  /** The next run, as soon as it starts. */
  next(): Promise<HeldRun>;
}

const statement = 'GetThing';

/** A scenario without servers and load, for what is between a scenario and the page. */
export function createStubScenario(id = 'stub'): StubScenario {
  let waiting = gate<HeldRun>();
  const scenario: Scenario = {
    id,
    title: `The ${id} scenario`,
    story: 'A service asked the same question again and again.',
    knobs: ['replicas'],
    switches: id === 'other' ? [] : [{ id: 'break', label: 'Break something', detail: 'Something breaks.' }],
    code: {
      before: { file: 'scenarios/config-cache/config-source.ts', name: 'configFromDatabase' },
      after: { file: 'scenarios/config-cache/config-cache.ts', name: 'cachedConfig' },
    },
    plan: (options) => ({
      scale: `load 1:10, ${options.replicas} replicas`,
      bounds: [`${statement}: at most 10`],
      rows: [{ name: statement, bound: 10, source: '1,000 -> ~10 (measured)' }],
      loadMs: 2_000,
    }),
    run: (options, _stage, reporter, signal) => {
      const ended = gate<ScenarioResult>();
      signal.addEventListener('abort', () => ended.fail(signal.reason as Error));
      const held = reporter as HeldRun['reporter'];
      waiting.open({ options, reporter: held, signal, finish: ended.open, fail: ended.fail });
      waiting = gate();
      return ended.promise;
    },
  };
  return { scenario, next: () => waiting.promise };
}

/** A stage that a stub never looks at. */
export const stubStage = (): Promise<Stage> =>
  Promise.resolve({ versions: async () => ({ postgres: '18.0' }), close: async () => {} } as unknown as Stage);

/** A look at a running phase in which the statement has been called `calls` times. */
export const pointAt = (atMs: number, calls: number): Point => ({
  atMs,
  calls: { [statement]: calls },
  done: calls,
  errors: 0,
  retried: 0,
  p50Ms: 2,
  p99Ms: 8,
  driverLagMs: 1,
  gauges: { 'waiting for a lock': 0, busy: 1, 'open connections': 10 },
});

export const endedPhase = (name: string, calls: number): Phase => ({
  name,
  durationMs: 2_000,
  requests: calls,
  errors: 0,
  latencyMs: { p50: 2, p90: 4, p99: 8, max: 9, mean: 3 },
  counts: { [statement]: { server: calls, wrapper: calls } },
  validity: { ok: true, achievedRate: 1, driverLagP99Ms: 1.5, detail: 'the load was as planned' },
});

/** Plays a whole phase: it begins, is looked at `looks` times in quarters of a second, and ends with `calls` calls. */
export function playPhase({ reporter }: HeldRun, name: string, calls: number, looks = 8): void {
  reporter.sample({ kind: 'phase-started', name, plannedMs: 2_000, offered: calls, countedBy: 'pg_stat_statements' });
  for (let look = 1; look <= looks; look++) {
    const point = pointAt(250 * look, Math.round((calls * look) / looks));
    reporter.sample({ kind: 'point', phase: name, point });
  }
  reporter.sample({ kind: 'phase-ended', phase: endedPhase(name, calls) });
}

export const stubResult = (id = 'stub', phases: Phase[] = []): ScenarioResult => ({
  id,
  title: `The ${id} scenario`,
  status: 'reproduced',
  scale: 'load 1:10, 3 replicas',
  countedBy: 'pg_stat_statements',
  configuration: {},
  rows: [
    {
      name: statement,
      before: 1_000,
      after: 7,
      bound: 10,
      reduction: 0.993,
      minReduction: 0.98,
      source: '1,000 -> ~10 (measured)',
    },
  ],
  checks: [{ name: 'two witnesses agree', ok: true, detail: 'Postgres and the app counted the same' }],
  phases,
  notes: ['With a key for each caller nothing is saved.'],
  skipped: [],
});
