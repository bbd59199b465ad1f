import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@corral-internal/test-kit';
import type { BusHealth, BusStats } from '@corral/pubsub-invalidate';

export interface ReplicaOptions {
  readonly broker: 'postgres' | 'redis' | 'redis-stream';
  readonly listenUrl: string;
  readonly publishUrl: string;
  readonly heartbeatMs: number;
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  readonly maxQueue: number;
  readonly keys: readonly string[];
}

export type Order =
  | { type: 'value'; key: string; version: number; read: number }
  | { type: 'publish'; key: string; n: number; pad?: string | undefined }
  | { type: 'report' }
  | { type: 'close' };

export type Told =
  | { type: 'ready' }
  | { type: 'read'; key: string; read: number }
  | { type: 'accepted' | 'refused'; n: number }
  | { type: 'report'; report: Report };

export interface Report {
  readonly heard: number[];
  readonly gaps: { reason: string; atMs: number }[];
  readonly states: { state: string; atMs: number }[];
  /** When this process did not run, seen afterwards. */
  readonly stalls: { atMs: number; ms: number }[];
  readonly uncaught: string[];
  readonly cache: [string, number][];
  readonly health: BusHealth;
  readonly stats: BusStats;
}

/** Messages that a replica did not hear, and of these the ones after which no gap came. */
export interface Losses {
  readonly lost: number;
  readonly unnoticed: number;
  readonly reasons: Record<string, number>;
  readonly uncaught: string[];
  readonly exits: unknown[];
}

interface Member {
  readonly child: ChildProcess;
  report: Report | undefined;
  exit: number | string | undefined;
}

interface Write {
  readonly n: number;
  readonly key: string;
  readonly by: number;
  readonly atMs: number;
  acceptedMs: number | undefined;
}

/** After healing every replica must be equal to the source within this: a hanging connect, the longest back-off, three heartbeats. */
export const HEALED_MS = 3_000 + 2_000 + 1_500;

const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

/** Replica processes, a source of truth, and a writer that goes on through every fault. */
export class Fleet {
  readonly writes: Write[] = [];
  readonly #members: Member[] = [];
  readonly #source = new Map<string, number>(KEYS.map((key) => [key, 0]));
  #writer: ReturnType<typeof setInterval> | undefined;

  static async start(
    each: Partial<ReplicaOptions> & Pick<ReplicaOptions, 'broker' | 'listenUrl'>,
    count = 3,
    first: Partial<ReplicaOptions> = {},
  ): Promise<Fleet> {
    const fleet = new Fleet();
    const defaults = {
      publishUrl: each.listenUrl,
      heartbeatMs: 300,
      pingMs: 300,
      pingTimeoutMs: 600,
      maxQueue: 8_192,
      keys: KEYS,
    };
    const ready = Array.from({ length: count }, (_, i) =>
      fleet.#fork({ ...defaults, ...each, ...(i === 0 ? first : {}) }),
    );
    await Promise.all(ready);
    return fleet;
  }

  pid(index: number): number {
    return this.#members[index]!.child.pid!;
  }

  /** 200 publishes a second, in turn by each replica. */
  write(perSecond = 200, pad?: string): void {
    const everyMs = 20;
    this.#writer = setInterval(() => {
      for (let i = 0; i < (perSecond * everyMs) / 1_000; i++) this.writeOne(pad);
    }, everyMs);
  }

  writeOne(pad?: string, by = this.writes.length % this.#members.length): void {
    const n = this.writes.length + 1;
    const key = KEYS[n % KEYS.length]!;
    this.#source.set(key, n);
    this.writes.push({ n, key, by, atMs: Date.now(), acceptedMs: undefined });
    this.#members[by]!.child.send({ type: 'publish', key, n, pad } satisfies Order);
  }

  stopWriting(): void {
    clearInterval(this.#writer);
  }

  /** Every replica holds what the source holds, for all keys. */
  async isEqual(): Promise<boolean> {
    const reports = await this.reports();
    return reports.every(
      ({ cache }) => cache.length === KEYS.length && cache.every(([key, version]) => this.#source.get(key) === version),
    );
  }

  /** Stops the writer and waits for equality; answers how long that took. */
  async settle(): Promise<number> {
    this.stopWriting();
    const fromMs = Date.now();
    await until(() => this.isEqual(), { timeoutMs: HEALED_MS, label: 'every replica equals the source' });
    return Date.now() - fromMs;
  }

  async reports(): Promise<Report[]> {
    for (const member of this.#members) {
      member.report = undefined;
      member.child.send({ type: 'report' } satisfies Order);
    }
    await until(() => this.#members.every(({ report }) => report !== undefined), { label: 'every replica reports' });
    return this.#members.map(({ report }) => report!);
  }

  async losses(): Promise<Losses> {
    const reports = await this.reports();
    let lost = 0;
    let unnoticed = 0;
    const reasons: Record<string, number> = {};
    for (const { heard, gaps } of reports) {
      const known = new Set(heard);
      const lastGapMs = Math.max(0, ...gaps.map(({ atMs }) => atMs));
      for (const { reason } of gaps) reasons[reason] = (reasons[reason] ?? 0) + 1;
      for (const { n, atMs } of this.writes) {
        if (known.has(n)) continue;
        lost++;
        if (lastGapMs < atMs) unnoticed++;
      }
    }
    return {
      lost,
      unnoticed,
      reasons,
      uncaught: reports.flatMap(({ uncaught }) => uncaught),
      exits: this.#members.flatMap(({ exit }) => exit ?? []),
    };
  }

  /** Milliseconds from `sinceMs` to the first moment at which replica `index` was not live, without those in which it did not run. */
  async suspectedAfter(index: number, sinceMs: number): Promise<number> {
    const { states, stalls } = (await this.reports())[index]!;
    const first = states.find(({ state, atMs }) => atMs >= sinceMs && state !== 'live');
    if (!first) return Infinity;
    const stalled = stalls.filter(({ atMs }) => atMs >= sinceMs && atMs <= first.atMs + 20);
    return first.atMs - sinceMs - stalled.reduce((sum, { ms }) => sum + ms, 0);
  }

  async close(): Promise<void> {
    this.stopWriting();
    await Promise.all(
      this.#members.map(async ({ child }) => {
        const exited = new Promise((resolve) => child.once('exit', resolve));
        const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
        if (child.connected) child.send({ type: 'close' } satisfies Order);
        if (child.exitCode === null && child.signalCode === null) await exited;
        clearTimeout(killer);
      }),
    );
  }

  #fork(options: ReplicaOptions): Promise<void> {
    const file = fileURLToPath(new URL('./replica.ts', import.meta.url));
    const child = fork(file, [JSON.stringify(options)], { execArgv: ['--conditions=@corral/source', '--no-warnings'] });
    const member: Member = { child, report: undefined, exit: undefined };
    this.#members.push(member);
    return new Promise((resolve, reject) => {
      child.on('exit', (code, signal) => {
        member.exit = signal ?? code ?? 'unknown';
        reject(new Error(`a replica ended: ${member.exit}`));
      });
      child.on('message', (told: Told) => {
        if (told.type === 'ready') resolve();
        if (told.type === 'report') member.report = told.report;
        if (told.type === 'accepted') this.writes[told.n - 1]!.acceptedMs = Date.now();
        if (told.type === 'read') {
          const { key, read } = told;
          child.send({ type: 'value', key, version: this.#source.get(key)!, read } satisfies Order);
        }
      });
    });
  }
}
