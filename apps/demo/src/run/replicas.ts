import type { HeldValue, ReplicaStart } from '../replica/contract.ts';
import { startChild, type Child } from './child.ts';
import type { ReplicaStats, ReplicaView } from './live.ts';

/** A running replica. */
export interface Replica extends Child {
  readonly index: number;
  readonly port: number;
}

export interface ReplicaSet {
  /** The one at an index changes when it is restarted. */
  readonly replicas: readonly Replica[];
  readonly ports: number[];
  /** Calls of each named statement, summed over the replicas; those of a killed replica are lost with it. */
  counts(): Promise<Record<string, number>>;
  /** What each replica holds now. */
  views(): Promise<ReplicaView[]>;
  /** What the packages in each replica say of themselves. */
  stats(): Promise<ReplicaStats[]>;
  /** SIGKILL, then the same replica again on the same port, with nothing in its memory. */
  restart(index: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts `count` replicas, each a process of its own, and waits until all of them listen. */
export async function startReplicas(count: number, start: Omit<ReplicaStart, 'index'>): Promise<ReplicaSet> {
  const children = Array.from({ length: count }, () => startChild('src/replica/main.ts'));
  const restarting = new Set<number>();
  let closed = false;
  const closeAll = async (): Promise<void> => {
    closed = true;
    await Promise.all(children.map((child) => child.close()));
  };
  try {
    const replicas = await Promise.all(children.map((child, index) => serve(child, { ...start, index })));
    const living = (): Replica[] => replicas.filter(({ index }) => !restarting.has(index));
    return {
      replicas,
      ports: replicas.map(({ port }) => port),
      counts: async () => addUp(await Promise.all(living().map((each) => each.ask<Record<string, number>>('counts')))),
      views: () =>
        Promise.all(replicas.map((replica) => viewOf(replica, restarting.has(replica.index) ? 'restarting' : 'up'))),
      stats: () =>
        Promise.all(
          living().map(async (each) => ({ index: each.index, stats: await each.ask<ReplicaStats['stats']>('stats') })),
        ),
      restart: async (index) => {
        const { port } = replicas[index]!;
        restarting.add(index);
        try {
          await replicas[index]!.kill();
          if (closed) return;
          children[index] = startChild('src/replica/main.ts');
          replicas[index] = await serve(children[index], { ...start, index, port });
        } finally {
          restarting.delete(index);
        }
      },
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Replicas for as long as `use` takes. */
export async function withReplicaSet<T>(
  count: number,
  start: Omit<ReplicaStart, 'index'>,
  use: (set: ReplicaSet) => Promise<T>,
): Promise<T> {
  const set = await startReplicas(count, start);
  try {
    return await use(set);
  } finally {
    await set.close();
  }
}

/** Asks a replica for one of the commands that its scenario gave it. */
export const command = <Answer>(replica: Replica, name: string, payload?: unknown): Promise<Answer> =>
  replica.ask<Answer>('command', { name, payload });

async function serve(child: Child, start: ReplicaStart): Promise<Replica> {
  const { port } = await child.ask<{ port: number }>('start', start);
  return Object.assign(child, { index: start.index, port });
}

async function viewOf(replica: Replica, state: ReplicaView['state']): Promise<ReplicaView> {
  const { index, pid } = replica;
  if (state === 'restarting') return { index, pid, state };
  return { index, pid, state, ...(await replica.ask<HeldValue | undefined>('held')) };
}

/** The sum of each name. */
export function addUp(counts: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const own of counts) for (const [name, count] of Object.entries(own)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
