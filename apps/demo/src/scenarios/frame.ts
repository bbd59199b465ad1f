// What every scenario does around its own story: phases one after the other, witnesses, probes, the result.
import { isMissing } from '../run/missing.ts';
import { untilValid, witnessesAgree } from '../run/phase.ts';
import { statusOf, type Check, type Phase, type ScenarioResult } from '../run/result.ts';
import type { StageRedis } from '../run/stage-redis.ts';
import type { Stage } from '../run/stage.ts';
import type { Reporter, RunOptions, Scenario } from './scenario.ts';

/** The phases that the command line asks for, in the order of the story. */
export const chosenPhases = (options: Pick<RunOptions, 'before' | 'after'>): ('before' | 'after')[] =>
  (['before', 'after'] as const).filter((name) => options[name]);

/** Runs one phase after the other; one that met a busy machine runs once more. */
export async function runPhases<Name extends string, P extends Phase>(
  names: readonly Name[],
  run: (name: Name) => Promise<P>,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<P[]> {
  const phases: P[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    phases.push(await untilValid(() => run(name), reporter, signal));
  }
  return phases;
}

/** Whether the database and the app counted the same. */
export function checkWitnesses(phase: Phase): Check {
  const { name, chaos = [], witnessLost = false, serverForgot = false } = phase;
  const counters = { both: 'nobody counted all of it', server: 'the app alone counted', app: 'Postgres alone counted' };
  const lost = serverForgot ? (witnessLost ? 'both' : 'server') : witnessLost ? 'app' : undefined;
  return {
    name: `two witnesses agree, ${name}`,
    ok: witnessesAgree(phase),
    detail:
      lost === undefined
        ? 'Postgres and the app counted the same calls of each statement'
        : `not compared after what was done on purpose (${chaos.join(', ')}): ${counters[lost]}`,
  };
}

/** Whether every request of a load got its answer. */
export const checkAnswered = ({ name, requests, errors }: Phase, what: string): Check => ({
  name: `every ${what} was answered, ${name}`,
  ok: errors === 0,
  detail: `${requests.toLocaleString('en')} answered, ${errors} failed`,
});

/** What a phase counted of a statement, by the database; undefined when that phase was not run. */
export function callsIn(phases: readonly Phase[], name: string, statement: string): number | undefined {
  const phase = phases.find((each) => each.name === name);
  return phase === undefined ? undefined : (phase.counts[statement]?.server ?? 0);
}

/** The Redis of the stage; without one, why there is none, and the command that provides it. */
export async function redisOf(
  stage: Pick<Stage, 'redis'>,
): Promise<{ redis: StageRedis; missing?: undefined } | { redis?: undefined; missing: string }> {
  try {
    return { redis: await stage.redis() };
  } catch (error) {
    if (isMissing(error)) return { missing: error.message };
    throw error;
  }
}

export interface Probes {
  readonly checks: Check[];
  /** What could not be tried here, and the command that would help. */
  readonly skipped: string[];
  /** Tries one thing, unless the run is stopped. What is missing on this machine makes it skipped, not failed. */
  run(name: string, check: () => Promise<Check | undefined>): Promise<void>;
}

/** What is true beyond the counts is tried after the phases, one thing at a time. */
export function createProbes(
  reporter: Reporter,
  signal: AbortSignal,
  { probes = true }: Pick<RunOptions, 'probes'> = {},
): Probes {
  const checks: Check[] = [];
  const skipped: string[] = [];
  return {
    checks,
    skipped,
    run: async (name, check) => {
      if (!probes) return;
      signal.throwIfAborted();
      reporter.progress(`probe: ${name}`);
      try {
        const result = await check();
        if (result !== undefined) checks.push(result);
      } catch (error) {
        if (!isMissing(error)) throw error;
        skipped.push(`${name}: ${error.message}`);
      }
    },
  };
}

/** The result of a scenario that could not run here at all; `missing` names the command that would help. */
export function skippedResult(
  { id, title, plan }: Pick<Scenario, 'id' | 'title' | 'plan'>,
  options: RunOptions,
  missing: string,
): ScenarioResult {
  const countedBy = 'pg_stat_statements';
  const nothing = { configuration: {}, rows: [], checks: [], phases: [], notes: [] };
  return { id, title, status: 'skipped', scale: plan(options).scale, countedBy, ...nothing, skipped: [missing] };
}

type Told = Pick<ScenarioResult, 'scale' | 'configuration' | 'rows' | 'checks' | 'phases' | 'notes'>;

/** The result of a scenario, with its verdict. */
export function conclude(
  { id, title }: Pick<Scenario, 'id' | 'title'>,
  { serverCounts }: Pick<Stage, 'serverCounts'>,
  told: Told & { skipped?: string[] },
): ScenarioResult {
  const countedBy = serverCounts.available ? 'pg_stat_statements' : 'client wrapper';
  const status = statusOf(told.rows, told.checks, told.phases);
  return { id, title, status, countedBy, skipped: [], ...told };
}
