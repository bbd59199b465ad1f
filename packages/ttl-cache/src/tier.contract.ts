/* oxlint-disable unicorn/no-array-fill-with-reference-type -- what is filled here is a lease */
import type { Tier, TierHit, TierLease } from './tier.ts';

/** A fresh, empty tier and what the suite needs of its surroundings. */
export interface TierHarness {
  readonly tier: Tier<unknown>;
  /** The same tier as another process sees it. */
  readonly other: Tier<unknown>;
  /** Lets so many milliseconds pass, for the tier. */
  elapse(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface TierCase {
  readonly name: string;
  run(): Promise<void>;
}

export interface TierContractOptions {
  /** Whether processes wait for each other's loads (default true). Without, every asker gets a lease at once. */
  readonly leases?: boolean;
}

type Check = (harness: TierHarness) => Promise<void>;

const patient: AbortSignal = new AbortController().signal;

/** What every tier does, with or without leases across processes. */
const common: Record<string, Check> = {
  'gives a lease for an unknown key, and a hit after it is filled': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    equal(await lease.fill({ value: { name: 'Ada' }, ttlMs: 60_000 }), 'stored');
    equal((await hitFor(tier, 'a')).value, { name: 'Ada' });
    const hit = await hitFor(other, 'a');
    equal(hit.value, { name: 'Ada' });
    ok(hit.ttlMs > 0 && hit.ttlMs <= 60_000, `the life left is within the life given, got ${hit.ttlMs}`);
  },
  'remembers "not found"': async ({ tier, other }) => {
    await (await leaseFor(tier, 'a')).fill({ value: undefined, ttlMs: 60_000 });
    equal((await hitFor(other, 'a')).value, undefined);
  },
  'keeps null, false, 0 and the empty text apart from "not found"': async ({ tier, other }) => {
    for (const value of [null, false, 0, '']) {
      await tier.set('a', { value, ttlMs: 60_000 });
      equal((await hitFor(other, 'a')).value, value);
    }
  },
  'stores nothing with no life left, and removes what was held': async ({ tier }) => {
    await tier.set('a', { value: 1, ttlMs: 60_000 });
    const lease = await leaseFor(tier, 'a', Infinity);
    equal(await lease.fill({ value: undefined, ttlMs: 0 }), 'stored');
    await (await leaseFor(tier, 'a')).release();
  },
  'forgets a value when its time is over': async ({ tier, other, elapse }) => {
    await tier.set('a', { value: 1, ttlMs: 50 });
    await elapse(100);
    await (await leaseFor(other, 'a')).release();
  },
  'keeps a value without an end': async ({ tier, other }) => {
    await tier.set('a', { value: 1, ttlMs: Infinity });
    ok((await hitFor(other, 'a')).ttlMs > 60_000, 'a long life is left');
  },
  'sets without asking, over what is there': async ({ tier, other }) => {
    await tier.set('a', { value: 1, ttlMs: 60_000 });
    await tier.set('a', { value: 2, ttlMs: 60_000 });
    equal((await hitFor(other, 'a')).value, 2);
  },
  'deletes the keys named, and only these': async ({ tier, other }) => {
    for (const key of ['a', 'b', 'c']) await tier.set(key, { value: key, ttlMs: 60_000 });
    await tier.delete(['a', 'b', 'unknown']);
    await (await leaseFor(other, 'a')).release();
    await (await leaseFor(other, 'b')).release();
    equal((await hitFor(other, 'c')).value, 'c');
  },
  'deletes nothing when no key is named': async ({ tier }) => {
    await tier.set('a', { value: 1, ttlMs: 60_000 });
    await tier.delete([]);
    equal((await hitFor(tier, 'a')).value, 1);
  },
  'clears all keys, and goes on working': async ({ tier, other }) => {
    for (const key of ['a', 'b']) await tier.set(key, { value: key, ttlMs: 60_000 });
    await other.clear();
    const lease = await leaseFor(tier, 'a');
    equal(await lease.fill({ value: 'new', ttlMs: 60_000 }), 'stored');
    equal((await hitFor(other, 'a')).value, 'new');
    await (await leaseFor(tier, 'b')).release();
  },
  'refuses a fill after a delete': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    await other.delete(['a']);
    equal(await lease.fill({ value: 'old', ttlMs: 60_000 }), 'refused');
    await (await leaseFor(other, 'a')).release();
  },
  'refuses a fill after a clear': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    await other.clear();
    equal(await lease.fill({ value: 'old', ttlMs: 60_000 }), 'refused');
    await (await leaseFor(other, 'a')).release();
  },
  'refuses a fill after a set, which stays': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    await other.set('a', { value: 'new', ttlMs: 60_000 });
    equal(await lease.fill({ value: 'old', ttlMs: 60_000 }), 'refused');
    equal((await hitFor(tier, 'a')).value, 'new');
  },
  'refuses a fill after a delete and a new fill': async ({ tier, other }) => {
    const old = await leaseFor(tier, 'a');
    await other.delete(['a']);
    equal(await (await leaseFor(other, 'a')).fill({ value: 'new', ttlMs: 60_000 }), 'stored');
    equal(await old.fill({ value: 'old', ttlMs: 60_000 }), 'refused');
    equal((await hitFor(tier, 'a')).value, 'new');
  },
  'takes back a lease that was revoked without ending the next one': async ({ tier, other }) => {
    const old = await leaseFor(tier, 'a');
    await other.delete(['a']);
    const lease = await leaseFor(other, 'a');
    await old.release();
    equal(await lease.fill({ value: 'new', ttlMs: 60_000 }), 'stored');
  },
  'leaves the leases of other keys alone': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    await other.delete(['b']);
    equal(await lease.fill({ value: 1, ttlMs: 60_000 }), 'stored');
  },
  'takes effect in the order of the calls, also without waiting': async ({ tier }) => {
    await Promise.all([
      tier.set('a', { value: 1, ttlMs: 60_000 }),
      tier.delete(['a']),
      tier.set('a', { value: 2, ttlMs: 60_000 }),
      tier.set('b', { value: 1, ttlMs: 60_000 }),
      tier.clear(),
      tier.set('c', { value: 3, ttlMs: 60_000 }),
    ]);
    await (await leaseFor(tier, 'a')).release();
    await (await leaseFor(tier, 'b')).release();
    equal((await hitFor(tier, 'c')).value, 3);
  },
  'gives a lease beside a value that has too little time left, which goes on answering': async ({ tier, other }) => {
    await tier.set('a', { value: 'old', ttlMs: 60_000 });
    const lease = await leaseFor(tier, 'a', 60_001);
    equal((await hitFor(other, 'a')).value, 'old');
    equal(await lease.fill({ value: 'new', ttlMs: 120_000 }), 'stored');
    equal((await hitFor(other, 'a', 60_001)).value, 'new');
  },
  'keeps the value when a lease beside it is released': async ({ tier, other }) => {
    await tier.set('a', { value: 'old', ttlMs: 60_000 });
    await (await leaseFor(tier, 'a', Infinity)).release();
    equal((await hitFor(other, 'a')).value, 'old');
  },
  'takes keys of any content and length': async ({ tier, other }) => {
    const keys = [
      '',
      ' ',
      ':',
      '{a}',
      '{a}b',
      '*',
      '\u0000',
      '\r\n',
      '\u{1F600}',
      '\uD800',
      '__proto__',
      'x'.repeat(100_000),
    ];
    for (const [index, key] of keys.entries()) await tier.set(key, { value: index, ttlMs: 60_000 });
    for (const [index, key] of keys.entries()) equal((await hitFor(other, key)).value, index);
  },
  'rejects a request that is aborted already': async ({ tier }) => {
    const gone = AbortSignal.abort(new Error('gone'));
    await rejects(tier.get('a', { signal: gone, minTtlMs: 0 }));
    // Nothing was lent.
    await (await leaseFor(tier, 'a')).release();
  },
};

/** What a tier with leases across processes does beside. */
const shared: Record<string, Check> = {
  'lets the others wait for the one that loads, and answers them with its value': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    const waits = [other.get('a', { signal: patient, minTtlMs: 0 }), tier.get('a', { signal: patient, minTtlMs: 0 })];
    equal(await lease.fill({ value: 1, ttlMs: 60_000 }), 'stored');
    for (const answer of await Promise.all(waits)) equal(answer.kind === 'hit' && answer.value, 1);
  },
  'answers one who waits with the value of the other, however little time it has left': async (harness) => {
    const { tier, other, elapse } = harness;
    const lease = await leaseFor(tier, 'a', Infinity);
    const waits = other.get('a', { signal: patient, minTtlMs: Infinity });
    // Two processes, two connections: let the wait begin before the fill.
    await elapse(50);
    await lease.fill({ value: 1, ttlMs: 60_000 });
    equal((await waits).kind, 'hit');
  },
  'gives the lease to one who waits when it is released': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    const waits = other.get('a', { signal: patient, minTtlMs: 0 });
    await lease.release();
    const answer = await waits;
    ok(answer.kind === 'lease', 'one who waits may load');
    if (answer.kind === 'lease') equal(await answer.fill({ value: 2, ttlMs: 60_000 }), 'stored');
    equal((await hitFor(tier, 'a')).value, 2);
  },
  'gives a lease to one who waits after an invalidation': async ({ tier, other }) => {
    const old = await leaseFor(tier, 'a');
    const waits = other.get('a', { signal: patient, minTtlMs: 0 });
    await tier.delete(['a']);
    const answer = await waits;
    equal(await old.fill({ value: 'old', ttlMs: 60_000 }), 'refused');
    ok(answer.kind === 'lease', 'one who waits may load');
    if (answer.kind === 'lease') equal(await answer.fill({ value: 'new', ttlMs: 60_000 }), 'stored');
    equal((await hitFor(tier, 'a')).value, 'new');
  },
  'lets one leave who waits, without a trace': async ({ tier, other }) => {
    const lease = await leaseFor(tier, 'a');
    const leaving = new AbortController();
    const waits = other.get('a', { signal: leaving.signal, minTtlMs: 0 });
    leaving.abort(new Error('gone'));
    await rejects(waits);
    equal(await lease.fill({ value: 1, ttlMs: 60_000 }), 'stored');
    equal((await hitFor(other, 'a')).value, 1);
  },
};

/**
 * The contract of a tier as a list of cases, for any test runner:
 * `for (const { name, run } of tierContract(make)) it(name, run);`
 */
export function tierContract(make: () => Promise<TierHarness>, options: TierContractOptions = {}): readonly TierCase[] {
  const { leases = true } = options;
  return Object.entries({ ...common, ...(leases ? shared : {}) }).map(([name, check]) => ({
    name,
    async run() {
      const harness = await make();
      try {
        await check(harness);
      } finally {
        await harness.close();
      }
    },
  }));
}

async function leaseFor(tier: Tier<unknown>, key: string, minTtlMs = 0): Promise<TierLease<unknown>> {
  const answer = await tier.get(key, { signal: patient, minTtlMs });
  if (answer.kind !== 'lease') throw new Error(`expected a lease, got a hit with ${JSON.stringify(answer.value)}`);
  return answer;
}

async function hitFor(tier: Tier<unknown>, key: string, minTtlMs = 0): Promise<TierHit<unknown>> {
  const answer = await tier.get(key, { signal: patient, minTtlMs });
  if (answer.kind === 'hit') return answer;
  await answer.release();
  throw new Error('expected a hit, got a lease');
}

function equal(actual: unknown, expected: unknown): void {
  const [got, wanted] = [actual, expected].map((value) => (value === undefined ? 'undefined' : JSON.stringify(value)));
  ok(got === wanted, `expected ${wanted}, got ${got}`);
}

function ok(condition: boolean, fact: string): void {
  if (!condition) throw new Error(fact);
}

async function rejects(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => 'resolved',
    () => 'rejected',
  );
  equal(outcome, 'rejected');
}
