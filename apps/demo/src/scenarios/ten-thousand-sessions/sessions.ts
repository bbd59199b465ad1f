import type { Progress } from '../../../load/recorder.ts';
import { runPhase } from '../../run/phase.ts';
import { command, type ReplicaSet } from '../../run/replicas.ts';
import type { Check, Phase } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { watchChaos, withChaos } from '../chaos.ts';
import { killRedisSwitch } from '../cache-aside/kill-redis.ts';
import { redisOf } from '../frame.ts';
import type { Reporter } from '../scenario.ts';
import { poolAfter } from './app/parts.ts';
import { plannedMs, turnsOf, workersOf, type Load } from './plan.ts';

/** A phase, with the sessions that the workers themselves saw open at once. */
export interface SessionsPhase extends Phase {
  sessionsAtOnce: number;
}

/** All sessions are opened and stay open; then the turns come, over all of them. */
export async function runSessions(
  name: 'before' | 'after',
  set: ReplicaSet,
  load: Load,
  stage: Stage,
  reporter: Reporter,
): Promise<SessionsPhase> {
  const offered = turnsOf(load);
  const { sessions, apps, perSecond, durationMs } = load;
  const profile = { ports: set.ports, sessions, apps, perSecond, durationMs };
  const spec = { name, type: 'sessions', profile, offered, plannedMs: plannedMs(load) };
  const chaos = watchChaos(reporter);
  const { redis } = await redisOf(stage);
  if (name === 'after' && redis !== undefined) reporter.offer?.(killRedisSwitch(redis, chaos));
  const onProgress = ({ done, errors }: Progress): void =>
    reporter.progress(`${name}: ${done} of ${offered} turns served${errors > 0 ? `, ${errors} failed` : ''}`);
  reporter.progress(`${name}: opening ${sessions.toLocaleString('en')} sessions`);
  try {
    const phase = await withChaos(await runPhase(stage, set, spec, onProgress, reporter), chaos);
    const held = await Promise.all(set.replicas.map((worker) => command<{ most: number }>(worker, 'sessions')));
    return { ...phase, sessionsAtOnce: held.reduce((sum, { most }) => sum + most, 0) };
  } finally {
    await chaos.end();
  }
}

/** Whether all sessions were open at the same time, as the workers themselves saw it, and stayed. */
export function checkSessions({ name, sessionsAtOnce, tallies = {} }: SessionsPhase, { sessions }: Load): Check {
  const held = tallies['sessions held'] ?? 0;
  return {
    name: `${sessions.toLocaleString('en')} sessions at once, ${name}`,
    ok: sessionsAtOnce === sessions && held === sessions,
    detail: `${workersOf[name as 'before' | 'after']} worker(s) had ${sessionsAtOnce.toLocaleString('en')} connections open at once; ${held.toLocaleString('en')} of the clients still had theirs at the end`,
  };
}

export function notesOf(phases: readonly SessionsPhase[]): string[] {
  const all = poolAfter.size + poolAfter.overflow;
  return [
    ...phases.map(
      ({ name, requests, errors }) =>
        `${name}: ${requests.toLocaleString('en')} turns were served and ${errors.toLocaleString('en')} failed while all sessions stayed open.`,
    ),
    `limit: ${workersOf.after} workers x ${all} connections is ${workersOf.after * all}, over Postgres' default of 100; the pool says so at start, with sizes that fit.`,
    'limit: a connection that is held while the language model thinks is one that nobody else has: 15 would do where each statement takes its own.',
    'limit: keeping clients saves handshakes, not the answer: a turn takes as long as the language model does.',
  ];
}
