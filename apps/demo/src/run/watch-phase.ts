import type { Progress } from '../../load/recorder.ts';
import { createServerCounts, type ServerCounts } from '../db/server-counts.ts';
import { openSession, type Session } from '../db/session.ts';
import type { Reporter } from '../scenarios/scenario.ts';
import type { Point } from './live.ts';
import type { ReplicaSet } from './replicas.ts';
import type { Phase } from './result.ts';
import type { Stage } from './stage.ts';

export interface PhaseWatch {
  /** The load begins: counts start at nothing. */
  start(): void;
  /** What the load process says. */
  progress(progress: Progress): void;
  /** The phase is over: its exact counts replace the sampled ones. */
  end(phase: Phase): Promise<void>;
  /** No sample comes after this has resolved. */
  stop(): Promise<void>;
}

const nobodyWatches: PhaseWatch = {
  start: () => {},
  progress: () => {},
  end: async () => {},
  stop: async () => {},
};

/** Between two looks, milliseconds. */
const everyMs = 250;

const gaugesSql = `SELECT count(*) FILTER (WHERE wait_event_type = 'Lock')::int AS waiting,
    count(*) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid())::int AS active,
    count(*)::int - 1 AS open
  FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'`;

/**
 * Samples a running phase: calls by Postgres, the load's latencies, what the replicas hold. One look at a time; a slow
 * one delays the next instead of queueing it. Does nothing for a reporter that takes no samples.
 */
export function watchPhase(
  stage: Stage,
  set: ReplicaSet,
  { name, plannedMs, offered }: { name: string; plannedMs: number; offered: number },
  reporter: Reporter | undefined,
): PhaseWatch {
  if (reporter?.sample === undefined) return nobodyWatches;
  const tell = reporter.sample.bind(reporter);
  let latest: Progress = { done: 0, errors: 0, retried: 0, elapsedMs: 0, driverLagP99Ms: 0 };
  let isNews = false;
  let startMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let look: Promise<void> = Promise.resolve();

  // A session of its own: the supervisor's may be busy with a switch.
  const observer = openSession(stage.databaseUrl, 'corral-demo-observer');
  let observed: Promise<ServerCounts> | undefined;
  const accumulate = keepThroughRestarts();

  const sample = async (): Promise<void> => {
    tell({ kind: 'replicas', replicas: await set.views() });
    const serverCounts = await (observed ??= createServerCounts(observer));
    const calls = accumulate(serverCounts.available ? await serverCounts.read() : await set.counts());
    const gauges = await readGauges(observer);
    const { done, errors, retried = 0, p50Ms, p99Ms, driverLagP99Ms } = latest;
    const latencies = isNews && p50Ms !== undefined && p99Ms !== undefined ? { p50Ms, p99Ms } : {};
    isNews = false;
    const atMs = Math.round(performance.now() - startMs);
    const point: Point = { atMs, calls, done, errors, retried, driverLagMs: driverLagP99Ms, gauges, ...latencies };
    tell({ kind: 'point', phase: name, point });
  };
  const lookAgain = (afterMs = everyMs): void => {
    timer = setTimeout(() => {
      // A look fails while a server is gone; the next one finds it again.
      look = sample().then(undefined, () => {});
      void look.then(() => timer !== undefined && lookAgain());
    }, afterMs);
  };
  const stop = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    reporter.serving?.(undefined);
    await look;
    await observer.end();
  };

  return {
    start: () => {
      startMs = performance.now();
      const countedBy = stage.serverCounts.available ? 'pg_stat_statements' : 'client wrapper';
      tell({ kind: 'phase-started', name, plannedMs, offered, countedBy });
      reporter.serving?.(() => set.stats());
      lookAgain(0);
    },
    progress: (progress) => {
      latest = progress;
      isNews = true;
    },
    end: async (phase) => {
      await stop();
      const { requests, errors, counts, validity } = phase;
      const calls = Object.fromEntries(Object.entries(counts).map(([statement, { server }]) => [statement, server]));
      const { retried = 0 } = latest;
      const point: Point = {
        atMs: Math.round(performance.now() - startMs),
        calls,
        done: requests,
        errors,
        retried,
        driverLagMs: validity.driverLagP99Ms,
        gauges: {},
      };
      tell({ kind: 'point', phase: phase.name, point });
      tell({ kind: 'phase-ended', phase });
      reporter.offer?.({});
    },
    stop,
  };
}

/** A server or replica that was killed has forgotten its counts: what was seen of them stays. */
export function keepThroughRestarts(): (counts: Record<string, number>) => Record<string, number> {
  const kept: Record<string, number> = {};
  let last: Record<string, number> = {};
  return (counts) => {
    for (const [name, before] of Object.entries(last)) {
      if ((counts[name] ?? 0) < before) kept[name] = (kept[name] ?? 0) + before;
    }
    last = counts;
    const names = new Set([...Object.keys(kept), ...Object.keys(counts)]);
    return Object.fromEntries([...names].map((name) => [name, (kept[name] ?? 0) + (counts[name] ?? 0)]));
  };
}

async function readGauges(observer: Session): Promise<Record<string, number>> {
  const { rows } = await observer.query<{ waiting: number; active: number; open: number }>(gaugesSql);
  const { waiting = 0, active = 0, open = 0 } = rows[0] ?? {};
  return { 'waiting for a lock': waiting, busy: active, 'open connections': open };
}
