import { reductionOf, type Check, type Row, type ScenarioResult } from '../../run/result.ts';
import { MissingError } from '../../run/missing.ts';
import type { Stage } from '../../run/stage.ts';
import { killRedis } from '../cache-aside/kill-redis.ts';
import { checkWitnesses, chosenPhases, conclude, redisOf, runPhases } from '../frame.ts';
import type { Reporter, RunOptions, Scenario } from '../scenario.ts';
import { openFilesLimit } from './open-files.ts';
import type { Part, Seen } from './part.ts';
import { parts } from './parts.ts';
import { boundsOf, loadOf, planTenThousandSessions, scaleOf, workersOf, type Load, type RowName } from './plan.ts';
import { createReuseIndex, dropReuseIndex, schema } from './schema.ts';
import { checkSessions, notesOf, runSessions, type SessionsPhase } from './sessions.ts';
import { id, startUpstream, withWorkers, type Place } from './workers.ts';

export const tenThousandSessions: Scenario = {
  id,
  title: 'A chat platform at 10,000 concurrent sessions',
  story:
    'A chat platform stood still at 100 turns at once: 15 connections, a TLS handshake for each call, a Redis subscription for each pending tool.',
  switches: [
    {
      ...killRedis,
      detail:
        'SIGKILL; it comes back empty after 3 s. Meanwhile each worker admits its share of the limit, and a turn that waits for a tool finds the result in the database afterwards: no turn fails.',
    },
  ],
  headline: { title: 'Failed turns', row: 'turns that failed', live: 'errors' },
  code: {
    before: { file: 'scenarios/ten-thousand-sessions/app/parts.ts', name: 'partsBefore' },
    after: { file: 'scenarios/ten-thousand-sessions/app/parts.ts', name: 'partsAfter' },
  },
  plan: planTenThousandSessions,
  run: runTenThousandSessions,
};

async function runTenThousandSessions(
  options: RunOptions,
  stage: Stage,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const load = loadOf(options, openFilesLimit());
  await needConnections(stage);
  // Without Redis the fallbacks are shown, and what needs it is skipped.
  const { redis, missing } = await redisOf(stage);
  await stage.admin.query(schema(load.apps));
  const upstream = await startUpstream();
  try {
    const place: Place = { load, databaseUrl: stage.databaseUrl, redisUrl: redis?.url, upstream };
    const seen = parts.map((part) => ({ part, what: { before: undefined, after: undefined } as Seen<unknown> }));
    const looked = seen.filter(({ part }) => redis !== undefined || part.needsRedis !== true);

    const run = async (name: 'before' | 'after'): Promise<SessionsPhase> => {
      await stage.admin.query(name === 'before' ? dropReuseIndex : createReuseIndex);
      return withWorkers(name, workersOf[name], place, async (workers) => {
        const phase = await runSessions(name, workers, load, stage, reporter);
        if (!phase.validity.ok) return phase;
        for (const { part, what } of looked) {
          signal.throwIfAborted();
          reporter.progress(`${name}: ${part.name}`);
          what[name] = await part.look({ name, workers, place, stage });
        }
        return phase;
      });
    };
    const phases = await runPhases(chosenPhases(options), run, reporter, signal);
    return conclude(tenThousandSessions, stage, {
      scale: scaleOf(load),
      configuration: { ...load, workers: workersOf },
      rows: rowsOf(load, phases, looked),
      checks: [
        ...phases.flatMap((phase) => [checkWitnesses(phase), checkSessions(phase, load)]),
        ...looked.flatMap(({ part, what }): Check[] => [part.check?.(what)].filter((check) => check !== undefined)),
      ],
      phases,
      notes: notesOf(phases),
      skipped: missing === undefined ? [] : [`pending tool calls and the rate limit: ${missing}`],
    });
  } finally {
    await upstream.close();
  }
}

/** The turns of four workers hold so many connections at once, and some. */
const connectionsNeeded = 150;

/** A server of somebody's own may allow fewer. */
async function needConnections({ admin }: Stage): Promise<void> {
  const { rows } = await admin.query<{ most: number }>("SELECT current_setting('max_connections')::int AS most");
  const { most } = rows[0]!;
  if (most >= connectionsNeeded) return;
  throw new MissingError(
    `Postgres allows ${most} connections, this story holds up to ${connectionsNeeded}. ` +
      'Run "ALTER SYSTEM SET max_connections = 200" there and restart it, or run "unset DATABASE_URL": then the demo brings its own.',
  );
}

interface Looked {
  part: Part<unknown>;
  what: Seen<unknown>;
}

function rowsOf(load: Load, phases: readonly SessionsPhase[], looked: readonly Looked[]): Row[] {
  const figuresOf = (name: 'before' | 'after'): Partial<Record<RowName, number>> => {
    const phase = phases.find((each) => each.name === name);
    const ofParts = looked.map(({ part, what }) =>
      what[name] === undefined ? {} : (part.figures?.(what[name]) ?? {}),
    );
    if (phase === undefined) return {};
    const { errors, counts } = phase;
    return Object.assign({ 'turns that failed': errors, GetOrgByApp: counts['GetOrgByApp']?.server ?? 0 }, ...ofParts);
  };
  const [before, after] = [figuresOf('before'), figuresOf('after')];
  return boundsOf(load).map(({ name, bound, source }) => ({
    name,
    before: before[name],
    after: after[name],
    bound,
    source,
    reduction: reductionOf(before[name], after[name]),
  }));
}
