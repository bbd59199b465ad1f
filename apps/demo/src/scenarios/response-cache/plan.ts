import type { Row } from '../../run/result.ts';
import type { Plan, RunOptions } from '../scenario.ts';

export interface Load {
  durationMs: number;
  ttlMs: number;
  maxAgeSeconds: number;
  clients: number;
  /** How long one evaluation write holds the lock, and when in the phase it begins. */
  stallMs: number;
  stallAtMs: number;
  evaluationEveryMs: number;
  /** The client's patience, and how often it tries again at once. */
  timeoutMs: number;
  retries: number;
}

/** What the source had: a TTL of 30 s, max-age 15 s, a stall of up to 200 s. `full` runs at its own pace for 200 s. */
const full: Load = {
  durationMs: 200_000,
  ttlMs: 30_000,
  maxAgeSeconds: 15,
  clients: 20,
  stallMs: 24_000,
  stallAtMs: 50_000,
  evaluationEveryMs: 2_000,
  timeoutMs: 12_000,
  retries: 1,
};

/** The same story in less time. */
const scaled = (by: number, durationMs: number): Load => ({
  ...full,
  durationMs,
  ttlMs: full.ttlMs / by,
  maxAgeSeconds: Math.max(1, Math.round(full.maxAgeSeconds / by)),
  clients: 4,
  stallMs: durationMs * 0.12,
  stallAtMs: durationMs * 0.25,
  evaluationEveryMs: full.evaluationEveryMs / by,
  timeoutMs: durationMs * 0.06,
});

const loads: Record<RunOptions['size'], Load> = {
  full,
  default: scaled(10, 25_000),
  fast: scaled(15, 15_000),
};

export const loadOf = ({ size }: Pick<RunOptions, 'size'>): Load => loads[size];

/** How much of the time the lock is taken by builds: above 1 the queue never ends, far below it there is none. */
export const wantedBusy = 0.55;

/** Every fifth request asks for the leaderboard, which needs no lock. */
export const leaderboardEvery = 5;

/** The rate at which builds of `buildMs` keep the lock busy for the wanted share of the time; requests for the leaderboard come on top. */
export function rateFor(buildMs: number): number {
  const builds = (wantedBusy * 1_000) / buildMs;
  return (builds * leaderboardEvery) / (leaderboardEvery - 1);
}

export const plannedMs = ({ durationMs, timeoutMs, retries }: Load): number =>
  durationMs + timeoutMs * (retries + 1) + 3_000;

/** The clients' first polls come before the load and may take so long. */
const firstPollsMs = 1_000;

/** Measured sizes of the two bodies, rounded up, for the bound on bytes. */
const challengesKb = 34;
const leaderboardKb = 42;

export type RowName =
  | 'BuildActiveChallenges'
  | 'attempts that timed out'
  | 'waiting for the lock, most'
  | 'kB sent'
  | 'GetLeaderboardPage (limit)';

export type Bound = Pick<Row, 'bound' | 'source'> & { name: RowName; arithmetic: string };

/** K = 1 hot body x R replicas x ceil(D / TTL); bytes for each client when it first asks and when the body has changed, once. */
export function boundsOf(load: Load, replicas: number): Bound[] {
  const { durationMs, ttlMs, clients } = load;
  const builds = replicas * Math.ceil((durationMs + firstPollsMs) / ttlMs);
  const versions = 2;
  return [
    {
      name: 'BuildActiveChallenges',
      bound: builds,
      arithmetic: `1 body x ${replicas} replicas x ceil(${(durationMs + firstPollsMs) / 1_000} s / ${ttlMs / 1_000} s)`,
      source: '11 a second -> one for each TTL (reported)',
    },
    {
      name: 'attempts that timed out',
      bound: 0,
      arithmetic: 'nobody waits for a rebuild',
      source: '15-20 % -> 0 % (reported)',
    },
    {
      name: 'waiting for the lock, most',
      bound: replicas + 1,
      arithmetic: `1 rebuild in each of ${replicas} replicas, and 1 evaluation write`,
      source: 'reads queue behind the writes',
    },
    {
      name: 'kB sent',
      bound: clients * versions * (challengesKb + leaderboardKb),
      arithmetic: `${clients} clients x ${versions} versions x (${challengesKb} + ${leaderboardKb}) kB`,
      source: '~30 GB a day from the first endpoint (reported)',
    },
  ];
}

/** The leaderboard is built for every request, before and after: only its bytes fall. */
export const leaderboardBound = (polls: number, { retries }: Load): Bound => ({
  name: 'GetLeaderboardPage (limit)',
  bound: polls * (retries + 1),
  arithmetic: 'one for each request',
  source: 'per-cursor body: tags, no cache',
});

export function planResponseCache(options: RunOptions): Plan {
  const load = loadOf(options);
  const bounds = boundsOf(load, options.replicas);
  return {
    scale: scaleOf(load),
    bounds: [
      ...bounds.map(({ name, bound, arithmetic }) => `${name}: at most ${bound.toLocaleString('en')} (${arithmetic})`),
      'limit: the builds of the leaderboard stay, only its bytes fall',
    ],
    rows: bounds.map(({ name, bound, source }) => ({ name, bound, source })),
    loadMs: load.durationMs * (Number(options.before) + Number(options.after)),
  };
}

export function scaleOf({ durationMs, ttlMs, maxAgeSeconds, stallMs, timeoutMs, retries }: Load): string {
  return [
    `open loop for ${durationMs / 1_000} s, at the rate that keeps the lock ${Math.round(wantedBusy * 100)} % busy (the build time is measured first)`,
    `time ${full.ttlMs / ttlMs}:1`,
    `TTL 30 s -> ${ttlMs / 1_000} s`,
    `max-age 15 s -> ${maxAgeSeconds} s (whole seconds)`,
    `one stall of ${stallMs / 1_000} s (source: up to 200 s)`,
    `clients give up after ${timeoutMs / 1_000} s and try again ${retries === 1 ? 'once' : `${retries} times`}`,
  ].join(', ');
}
