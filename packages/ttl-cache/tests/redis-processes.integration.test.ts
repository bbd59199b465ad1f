/* oxlint-disable unicorn/no-array-fill-with-reference-type -- a lease's fill, no array's */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { until } from '@corral-internal/test-kit';
import { freshPrefix, leaseOf, Opened, request } from './redis-kit.ts';
import type { Order, Word } from './redis-process.ts';

const opened = new Opened();
afterEach(() => opened.end());

const port = Number(new URL(inject('redisUrl')).port);
const script = fileURLToPath(new URL('redis-process.ts', import.meta.url));

/** One replica, and all that it has said. */
class Replica {
  readonly child: ChildProcess;
  readonly heard: Word[] = [];

  constructor(prefix: string, leaseMs: number) {
    const execArgv = ['--conditions=@corral/source', '--experimental-strip-types', '--no-warnings'];
    this.child = fork(script, [String(port), prefix, String(leaseMs)], { execArgv });
    this.child.on('message', (word: Word) => void this.heard.push(word));
    opened.defer(() => this.child.kill('SIGKILL'));
  }

  tell(order: Order): void {
    this.child.send(order);
  }

  count(type: Word['type']): number {
    return this.heard.filter((word) => word.type === type).length;
  }

  async hear<Type extends Word['type']>(type: Type): Promise<Word & { type: Type }> {
    await until(() => this.count(type) > 0, { timeoutMs: 30_000, label: `a replica says "${type}"` });
    return this.heard.findLast((word) => word.type === type) as Word & { type: Type };
  }

  async report(): Promise<Word & { type: 'report' }> {
    const before = this.count('report');
    this.tell({ type: 'report' });
    await until(() => this.count('report') > before, { label: 'a replica reports' });
    return this.hear('report');
  }
}

/** Replicas of which one loads `cold` and the others wait for it, with 200 callers each. */
async function loadingReplicas(count: number, leaseMs: number) {
  const prefix = freshPrefix();
  const replicas = Array.from({ length: count }, () => new Replica(prefix, leaseMs));
  await Promise.all(replicas.map((replica) => replica.hear('ready')));
  for (const replica of replicas) replica.tell({ type: 'call', callers: 200 });
  await until(() => replicas.some((replica) => replica.count('loading') > 0), { label: 'one loads' });
  const holder = replicas.find((replica) => replica.count('loading') > 0)!;
  const others = replicas.filter((replica) => replica !== holder);
  for (const other of others) {
    await until(async () => (await other.report()).waits === 1, { label: 'the others wait' });
  }
  return { prefix, replicas, holder, others };
}

const loadsOf = async (replicas: Replica[]) => {
  let loads = 0;
  for (const replica of replicas) loads += (await replica.report()).loads;
  return loads;
};

describe('three processes with 200 callers each on a cold key', () => {
  it('load it exactly once', async () => {
    const { replicas, holder } = await loadingReplicas(3, 10_000);

    holder.tell({ type: 'finish', value: 'v' });
    const all = await Promise.all(replicas.map((replica) => replica.hear('answers')));

    for (const { answers } of all) expect(answers).toEqual(Array.from({ length: 200 }, () => 'v'));
    expect(await loadsOf(replicas)).toBe(1);
  });

  it('load it once more when the first load fails: the lease is released', async () => {
    const { replicas, holder, others } = await loadingReplicas(3, 60_000);

    holder.tell({ type: 'fail' });
    await until(() => others.some((other) => other.count('loading') > 0), { label: 'another takes over' });
    others.find((other) => other.count('loading') > 0)!.tell({ type: 'finish', value: 'v' });
    const all = await Promise.all(others.map((replica) => replica.hear('answers')));

    expect(new Set((await holder.hear('answers')).answers)).toEqual(new Set(['failed']));
    for (const { answers } of all) expect(new Set(answers)).toEqual(new Set(['v']));
    expect(await loadsOf(replicas)).toBe(2);
  });
});

describe('the holder of a lease', () => {
  it('that dies while it loads is followed by another within the lease', async () => {
    const leaseMs = 2_000;
    const { holder, others } = await loadingReplicas(3, leaseMs);

    holder.child.kill('SIGKILL');
    await once(holder.child, 'exit');
    const start = performance.now();
    await until(() => others.some((other) => other.count('loading') > 0), { label: 'another takes over' });
    // The lease, and a busy machine's share.
    expect(performance.now() - start).toBeLessThan(leaseMs + 3_000);
    others.find((other) => other.count('loading') > 0)!.tell({ type: 'finish', value: 'v' });

    for (const other of others) expect(new Set((await other.hear('answers')).answers)).toEqual(new Set(['v']));
    expect(await loadsOf(others)).toBe(1);
  });

  it('that was stopped for longer than the lease has its late write refused', async () => {
    const { prefix, holder, others } = await loadingReplicas(2, 500);
    const [other] = others as [Replica];

    holder.child.kill('SIGSTOP');
    await other.hear('loading');
    other.tell({ type: 'finish', value: 'new' });
    await other.hear('answers');
    holder.child.kill('SIGCONT');
    holder.tell({ type: 'finish', value: 'old' });
    await holder.hear('answers');

    await until(async () => (await holder.report()).refused === 1, { label: 'the write is refused' });
    const tier = opened.tier(opened.client(port), { prefix });
    expect(await tier.get('cold', request())).toMatchObject({ kind: 'hit', value: 'new' });
    expect((await holder.report()).held).toBe('nothing');
  });

  it('that loads during an invalidation has its write refused, and keeps nothing', async () => {
    const { prefix, holder } = await loadingReplicas(1, 10_000);
    const tier = opened.tier(opened.client(port), { prefix, lease: {} });

    await tier.delete(['cold']);
    holder.tell({ type: 'finish', value: 'old' });
    await holder.hear('answers');

    await until(async () => (await holder.report()).discarded === 1, { label: 'the result is discarded' });
    expect(await holder.report()).toMatchObject({ refused: 1, held: 'nothing' });
    const lease = await leaseOf(tier.get('cold', request()));
    expect(await lease.fill({ value: 'new', ttlMs: 60_000 })).toBe('stored');
  });
});
