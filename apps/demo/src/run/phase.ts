import { setTimeout as delay } from 'node:timers/promises';
import type { LoadReport, Progress } from '../../load/recorder.ts';
import type { ReplicaSet } from './replicas.ts';
import { startChild } from './child.ts';
import type { Phase } from './result.ts';
import type { Stage } from './stage.ts';
import type { Reporter } from '../scenarios/scenario.ts';
import { watchPhase } from './watch-phase.ts';

/** The driver's event loop may be this late before its latencies say nothing, milliseconds. */
const maxDriverLagMs = 20;
/** The share of the offered load that has to be achieved. */
const minAchievedRate = 0.98;

/** A load that is so late is given up, milliseconds after its planned end. */
const graceMs = 10_000;

export interface LoadSpec {
  name: string;
  /** The request to the load process and its profile. */
  type: string;
  profile: object;
  /** Requests that the load should make. */
  offered: number;
  /** The load may not last longer: the bound was computed for this. Milliseconds. */
  plannedMs: number;
}

/**
 * Runs one load against `set` from a process of its own, and lets Postgres and the app count the statements. A
 * `reporter` that takes samples gets them four times a second. `settle` may correct the phase before its end is told.
 */
export async function runPhase(
  stage: Stage,
  set: ReplicaSet,
  load: LoadSpec,
  onProgress: (progress: Progress) => void,
  reporter?: Reporter,
  settle: (phase: Phase) => Promise<Phase> = async (phase) => phase,
): Promise<Phase> {
  const driver = startChild('load/main.ts');
  const watch = watchPhase(stage, set, load, reporter);
  let overdue: NodeJS.Timeout | undefined;
  let isOverdue = false;
  const giveUp = (): void => {
    isOverdue = true;
    driver.ask('stop').catch(() => {}); // it has ended meanwhile
  };
  try {
    driver.on('progress', (progress: Progress) => {
      // The first word comes when the load begins; what it needs before that is not timed.
      overdue ??= setTimeout(giveUp, load.plannedMs + graceMs);
      watch.progress(progress);
      onProgress(progress);
    });
    const before = await set.counts();
    await stage.serverCounts.reset();
    watch.start();
    const report = await driver.ask<LoadReport>(load.type, load.profile);
    const counts = await settledCounts(stage, set, before);
    const phase = await settle({
      name: load.name,
      durationMs: Math.round(report.elapsedMs),
      requests: report.done,
      errors: report.errors,
      latencyMs: report.latencyMs,
      counts,
      validity: { ...validityOf(report, load), ...(isOverdue ? { overdue: true } : {}) },
      ...(report.tallies === undefined ? {} : { tallies: report.tallies }),
    });
    await watch.end(phase);
    return phase;
  } finally {
    clearTimeout(overdue);
    await watch.stop();
    await driver.close();
  }
}

/**
 * A load on a machine that was busy with something else says nothing: it gets one more try, unless it was hopeless, or
 * somebody has broken something on purpose meanwhile.
 */
export async function untilValid<P extends Phase>(
  run: () => Promise<P>,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<P> {
  const first = await run();
  if (first.validity.ok || first.validity.overdue === true || first.chaos !== undefined) return first;
  signal.throwIfAborted();
  reporter.progress(`${first.name} once more: ${first.validity.detail}`);
  return run();
}

/** Whether the load was what it should have been; latencies and bounds mean nothing otherwise. */
export function validityOf(report: LoadReport, load: Pick<LoadSpec, 'offered' | 'plannedMs'>): Phase['validity'] {
  const achievedRate = report.achievedRate ?? report.done / load.offered;
  const problems = [
    achievedRate < minAchievedRate &&
      `only ${(achievedRate * 100).toFixed(1)} % of the load was achieved (${report.firstErrors[0] ?? 'too slow'})`,
    report.driverLagP99Ms > maxDriverLagMs &&
      `the load process was late by ${report.driverLagP99Ms.toFixed(1)} ms (p99), more than ${maxDriverLagMs} ms`,
    report.elapsedMs > load.plannedMs &&
      `the load took ${Math.round(report.elapsedMs)} ms, longer than the planned ${load.plannedMs} ms`,
  ].filter((problem) => problem !== false);
  return {
    ok: problems.length === 0,
    achievedRate,
    driverLagP99Ms: report.driverLagP99Ms,
    detail: problems.length === 0 ? 'the load was as planned' : problems.join('; '),
  };
}

/** What runs in the background when the load ends, e.g. a rebuild, may take so long to be over. Milliseconds. */
const settleMs = 2_000;
/** Postgres may have been killed on purpose just before the end, and be on its way back. Milliseconds. */
const returnMs = 15_000;

/** What both witnesses counted. The app counts a call when it is sent, Postgres when it is done: that may take a moment. */
async function settledCounts(stage: Stage, set: ReplicaSet, before: Record<string, number>): Promise<Phase['counts']> {
  const startMs = performance.now();
  const hasPassed = (ms: number): boolean => performance.now() - startMs > ms;
  for (;;) {
    const wrapper = difference(await set.counts(), before);
    const server = await readServer(stage, wrapper).catch((error: unknown) => {
      if (hasPassed(returnMs)) throw error;
    });
    if (server === undefined) {
      await delay(50);
      continue;
    }
    const names = [...new Set([...Object.keys(server), ...Object.keys(wrapper)])].sort();
    const counts = Object.fromEntries(
      names.map((name) => [name, { server: server[name] ?? 0, wrapper: wrapper[name] ?? 0 }]),
    );
    if (agree(counts) || hasPassed(settleMs)) return counts;
    await delay(50);
  }
}

const readServer = async ({ serverCounts }: Stage, wrapper: Record<string, number>): Promise<Record<string, number>> =>
  serverCounts.available ? serverCounts.read() : wrapper;

const agree = (counts: Phase['counts']): boolean =>
  Object.values(counts).every(({ server, wrapper }) => server === wrapper);

function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

/** The two witnesses agree on every statement, where both are alive. */
export function witnessesAgree({ counts, witnessLost = false }: Phase): boolean {
  return witnessLost || agree(counts);
}
