import { command, startReplicas, withReplicaSet, type ReplicaSet } from '../../run/replicas.ts';
import type { UpstreamAddresses } from './app/upstreams.ts';
import type { Composition, WorkerSettings } from './app/worker.ts';
import { workersOf, type Load } from './plan.ts';
import type { UpstreamCounts } from './upstream/upstream.ts';

export const id = 'ten-thousand-sessions';

/** The process with the language model and the knowledge base. */
export interface Upstream {
  readonly addresses: UpstreamAddresses;
  counts(): Promise<UpstreamCounts>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Starts that process. */
export async function startUpstream(): Promise<Upstream> {
  const start = { scenario: `${id}/upstream`, composition: 'upstream', databaseUrl: '', settings: {} };
  const set = await startReplicas(1, start);
  const [process] = set.replicas;
  return {
    addresses: await command(process!, 'addresses'),
    counts: () => command(process!, 'counts'),
    reset: () => command(process!, 'reset'),
    close: set.close,
  };
}

/** Where workers run. */
export interface Place {
  load: Load;
  databaseUrl: string;
  redisUrl: string | undefined;
  upstream: Upstream;
}

/** Workers of that composition, for as long as `use` takes. */
export function withWorkers<T>(
  composition: Composition,
  count: number,
  { load, databaseUrl, redisUrl, upstream }: Place,
  use: (set: ReplicaSet) => Promise<T>,
): Promise<T> {
  const { answerMs, waitMs } = load;
  const settings: WorkerSettings = { addresses: upstream.addresses, workers: workersOf.after, answerMs, waitMs };
  return withReplicaSet(count, { scenario: id, composition, databaseUrl, redisUrl, settings }, async (set) => {
    // Without Redis a result finds its turn only in the process that waits for it.
    const peersOf = (port: number): number[] => (redisUrl === undefined ? [port] : set.ports);
    await Promise.all(set.replicas.map((worker) => command(worker, 'peers', peersOf(worker.port))));
    return use(set);
  });
}
