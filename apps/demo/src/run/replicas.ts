import type { ReplicaStart } from '../replica/contract.ts';
import { startChild, type Child } from './child.ts';

/** A running replica. */
export interface Replica extends Child {
  readonly index: number;
  readonly port: number;
}

export interface ReplicaSet {
  readonly replicas: readonly Replica[];
  readonly ports: number[];
  /** Calls of each named statement, summed over the replicas. */
  counts(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

/** Starts `count` replicas, each a process of its own, and waits until all of them listen. */
export async function startReplicas(count: number, start: Omit<ReplicaStart, 'index'>): Promise<ReplicaSet> {
  const children = Array.from({ length: count }, () => startChild('src/replica/main.ts'));
  const closeAll = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.close()));
  };
  try {
    const replicas = await Promise.all(
      children.map(async (child, index) => {
        const { port } = await child.ask<{ port: number }>('start', { ...start, index } satisfies ReplicaStart);
        return Object.assign(child, { index, port });
      }),
    );
    return {
      replicas,
      ports: replicas.map(({ port }) => port),
      counts: async () => addUp(await Promise.all(replicas.map((each) => each.ask<Record<string, number>>('counts')))),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

export function addUp(counts: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const own of counts) for (const [name, count] of Object.entries(own)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
