import { createBus, type Bus } from './bus.ts';
import { createInvalidator, type Invalidator } from './invalidator.ts';
import { kind, type Kind } from './kind.ts';
import { createMemoryHub, memoryTransport, type MemoryFaults, type MemoryHub } from './memory.ts';

/**
 * Replicas over a faulty memory transport against the simplest model there is: a source of versions. What a replica holds
 * must never be older than the last invalidation it was given, nor stale for longer than the detection bound.
 */
export const KEYS = ['a', 'b'] as const;
export const HEARTBEAT_MS = 100;
/** Three heartbeats or a ping and its deadline; then a hanging connect (3 s), the longest back-off (2 s), and the delays of the faults. */
export const BOUND_MS: number = 3 * HEARTBEAT_MS + 200 + 3_000 + 2_000 + 500;
/** While every session lives: three heartbeats, the half one that a heartbeat's news may need, a look of the bus, and the delay of the faults. */
export const LOSS_BOUND_MS: number = 3 * HEARTBEAT_MS + HEARTBEAT_MS / 2 + HEARTBEAT_MS / 4 + 130;

type Kinds = { changed: Kind<{ key: string; version: number }> };

/** A cache whose loads in flight are voided by `delete` and `clear`, as ttl-cache's are. */
export class FencedCache {
  readonly held: Map<string, number> = new Map();
  #loads = new Map<string, object>();

  delete(key: string): void {
    this.held.delete(key);
    this.#loads.delete(key);
  }

  clear(): void {
    this.held.clear();
    this.#loads.clear();
  }

  /** Reads now, stores later: everything that goes wrong goes wrong in between. */
  load(key: string, read: () => number, later: (store: () => void) => void): void {
    const ticket = {};
    this.#loads.set(key, ticket);
    const value = read();
    later(() => {
      if (this.#loads.get(key) === ticket) this.held.set(key, value);
    });
  }
}

export interface Replica {
  readonly bus: Bus;
  readonly topic: Invalidator<Kinds>;
  readonly cache: FencedCache;
  faults: { drop: number; delayMs: number; duplicate: number; reorder: number; partitioned: boolean };
  faultyUntilMs: number;
}

export interface Version {
  readonly key: string;
  readonly version: number;
  acceptedMs: number;
}

export class World {
  readonly hub: MemoryHub = createMemoryHub();
  readonly replicas: Replica[] = [];
  readonly source: Map<string, number> = new Map(KEYS.map((key) => [key, 0]));
  readonly versions: Version[] = [];
  readonly violations: string[] = [];
  readonly #boundMs: number;
  readonly #whileSuspect: 'serve' | 'clear';
  #next = 1;

  constructor(boundMs: number, whileSuspect: 'serve' | 'clear') {
    this.#boundMs = boundMs;
    this.#whileSuspect = whileSuspect;
  }

  async add(schedule?: MemoryFaults['schedule']): Promise<void> {
    const faults = { drop: 0, delayMs: 0, duplicate: 0, reorder: 0, partitioned: false };
    const spend = (name: 'drop' | 'duplicate' | 'reorder'): boolean => faults[name] > 0 && faults[name]-- > 0;
    const transport = memoryTransport({
      hub: this.hub,
      faults: {
        drop: () => {
          const lost = spend('drop');
          if (lost) replica.faultyUntilMs = performance.now();
          return lost;
        },
        schedule,
        delayMs: () => faults.delayMs,
        duplicate: () => spend('duplicate'),
        reorder: () => spend('reorder'),
        partitioned: () => {
          if (faults.partitioned) replica.faultyUntilMs = performance.now();
          return faults.partitioned;
        },
      },
    });
    const bus = createBus({ transport, namespace: 'n', heartbeatMs: HEARTBEAT_MS, pingMs: 100, pingTimeoutMs: 100 });
    const topic = createInvalidator({ bus, topic: 't', kinds: { changed: kind<{ key: string; version: number }>() } });
    const cache = new FencedCache();
    const replica: Replica = { bus, topic, cache, faults, faultyUntilMs: 0 };
    topic.bind(cache, { keys: { changed: ({ key }) => [key] }, whileSuspect: this.#whileSuspect });
    topic.on('changed', ({ key, version }) => {
      const held = cache.held.get(key);
      if (held !== undefined && held < version)
        this.violations.push(`holds ${key}=${held} after the invalidation of ${version}`);
    });
    this.replicas.push(replica);
    await bus.start();
  }

  write(replica: Replica, key: string): void {
    const version: Version = { key, version: this.#next++, acceptedMs: Infinity };
    this.source.set(key, version.version);
    this.versions.push(version);
    replica.topic.publish('changed', { key, version: version.version }).then(
      () => {
        version.acceptedMs = performance.now();
      },
      () => {},
    );
  }

  check(): void {
    const nowMs = performance.now();
    for (const replica of this.replicas) {
      for (const [key, held] of replica.cache.held) {
        const newer = this.versions.find((one) => one.key === key && one.version > held);
        if (!newer) continue;
        const sinceMs =
          nowMs - Math.max(newer.acceptedMs, replica.faultyUntilMs, ...this.replicas.map((one) => one.faultyUntilMs));
        if (sinceMs > this.#boundMs)
          this.violations.push(`holds ${key}=${held}, stale for ${sinceMs} ms, ${replica.bus.health().state}`);
      }
    }
  }
}
