import { setTimeout as delay } from 'node:timers/promises';
import type { ReplicaView, Switch, ThrowSwitch } from '../../run/live.ts';
import type { ReplicaSet } from '../../run/replicas.ts';
import type { Stage } from '../../run/stage.ts';
import type { Reporter } from '../scenario.ts';
import { editProvider } from './admin-client.ts';

/** What the page may do to the chat service while the load runs. */
export const switches: readonly Switch[] = [
  {
    id: 'edit-setting',
    label: 'Edit a setting',
    detail: 'An admin route of replica 1 changes a provider; every replica has to see it.',
  },
  {
    id: 'drop-listener',
    label: 'Drop the listeners',
    detail: 'pg_terminate_backend on the LISTEN connection of each replica; the gap clears the caches.',
  },
  {
    id: 'kill-replica',
    label: 'Kill a replica',
    detail: 'SIGKILL; it comes back on its port with an empty cache, and chats ask the next one meanwhile.',
  },
];

/** What was done to a running phase. Each may cost every replica one more read of every key. */
export interface Chaos {
  readonly labels: string[];
  /** A killed replica takes its own count with it. */
  witnessLost: boolean;
}

/** Offers the switches for the replicas of one phase; what they do is noted in `chaos`. */
export function configSwitches(
  composition: 'before' | 'after',
  set: ReplicaSet,
  stage: Stage,
  { sample }: Pick<Reporter, 'sample'>,
  chaos: Chaos,
): Record<string, ThrowSwitch> {
  const note = (label: string): void => {
    chaos.labels.push(label);
    sample?.({ kind: 'event', label });
  };
  let revision = 0;
  let victim = 0;

  const always: Record<string, ThrowSwitch> = {
    'edit-setting': async () => {
      const replica = set.replicas[0]!;
      note(`edit to revision ${++revision}`);
      const startMs = performance.now();
      const wanted = revision;
      const edit = editProvider(replica, wanted);
      if (composition === 'before') {
        await edit;
        return `revision ${wanted} is in the database; every replica reads it there on each turn`;
      }
      const waits = await Promise.all(set.replicas.map(({ index }) => seenAfterMs(set, index, wanted, startMs)));
      await edit;
      return `revision ${wanted} seen by ${waits.length} replicas after ${waits.join(', ')} ms`;
    },
    'kill-replica': async () => {
      const index = ++victim % set.replicas.length;
      chaos.witnessLost = true;
      note(`replica ${index + 1} killed`);
      const startMs = performance.now();
      await set.restart(index);
      note(`replica ${index + 1} back`);
      return `replica ${index + 1} killed, and back after ${Math.round(performance.now() - startMs)} ms`;
    },
  };
  if (composition === 'before') return always;
  return {
    ...always,
    'drop-listener': async () => {
      const { rowCount } = await stage.admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name ~ '^corral-demo-listener-[0-9]+$'`,
      );
      note(`${rowCount} listeners dropped`);
      return `${rowCount} LISTEN connections terminated; each replica reconnects and forgets what it may have missed`;
    },
  };
}

/** No replica keeps an old value for longer than its TTL; this is for one that is being restarted. */
const seenLimitMs = 20_000;

/** How long the replica took to see the new value, milliseconds since `startMs`. */
async function seenAfterMs(
  set: ReplicaSet,
  index: number,
  revision: number,
  startMs: number,
): Promise<number | string> {
  while (performance.now() - startMs < seenLimitMs) {
    const view = (await set.views().catch((): ReplicaView[] => []))[index];
    if (view?.seen === `revision ${revision}`) return Math.round(performance.now() - startMs);
    await delay(2);
  }
  return 'never';
}
