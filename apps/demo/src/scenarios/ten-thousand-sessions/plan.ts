import type { Row } from '../../run/result.ts';
import type { Plan, RunOptions } from '../scenario.ts';
import { tokenRule } from './app/limits.ts';
import { poolAfter, poolBefore } from './app/parts.ts';
import { maxConnections } from './app/upstreams.ts';
import { openFilesLimit, sessionsThatFit } from './open-files.ts';
import { rowsOfPlan } from './schema.ts';

export interface Load {
  /** Held open all the time. */
  sessions: number;
  /** Turns, over all sessions. */
  perSecond: number;
  durationMs: number;
  /** How long the language model takes, milliseconds. */
  answerMs: number;
  /** How long a turn waits for a connection, milliseconds. */
  waitMs: number;
  apps: number;
}

const full: Load = {
  sessions: 10_000,
  perSecond: 30,
  durationMs: 333_400,
  answerMs: 5_000,
  waitMs: 30_000,
  apps: 20,
};
/** Time 10:1; three times as many turns as 15 connections can serve. */
const scaled: Load = { ...full, perSecond: 100, answerMs: 500, waitMs: 3_000, durationMs: 20_000 };

const loads: Record<RunOptions['size'], Load> = {
  full,
  default: scaled,
  fast: { ...scaled, durationMs: 6_000 },
};

/** @param openFiles The limit of open files: fewer sessions fit where it is low. */
export function loadOf({ size }: Pick<RunOptions, 'size'>, openFiles = Infinity): Load {
  const load = loads[size];
  return { ...load, sessions: sessionsThatFit(load.sessions, openFiles) };
}

/** Processes of the app (`BACKEND_WORKERS`). */
export const workersOf = { before: 1, after: 4 };

export const turnsOf = ({ perSecond, durationMs }: Load): number => Math.round((perSecond * durationMs) / 1_000);

/** The last turns may wait for a connection and then for their answer. */
export const plannedMs = ({ durationMs, answerMs, waitMs }: Load): number => durationMs + waitMs + 2 * answerMs + 5_000;

/** A turn that starts at once after one that ends: so many waves begin before the wait is over. */
export function servedOfBurst(turns: number, connections: number, { answerMs, waitMs }: Load): number {
  return Math.min(turns, connections * Math.ceil(waitMs / answerMs));
}

/** Turns that start at the same moment at one worker. */
export const burst = 100;
export const llmProbe = { calls: 1_000, atOnce: 50 };
export const searchProbe = { calls: 400, atOnce: 400 };
export const pendingTools = 500;

export type RowName =
  | 'turns that failed'
  | `turns that failed, of ${number} at once`
  | 'GetOrgByApp'
  | `full TLS handshakes of ${string} LLM calls`
  | `connections to the knowledge base, ${number} calls at once`
  | `Redis subscribers, ${number} pending tool calls`
  | 'admitted in the worst window'
  | 'waited over 1 s for the limiter'
  | 'pages read by the session lookup';

export type Bound = Pick<Row, 'bound' | 'source'> & { name: RowName; arithmetic: string };

/** The names of the rows, where a number is in them. */
export const rowNames = {
  burst: `turns that failed, of ${burst} at once`,
  handshakes: `full TLS handshakes of ${count(llmProbe.calls)} LLM calls`,
  searches: `connections to the knowledge base, ${searchProbe.atOnce} calls at once`,
  subscribers: `Redis subscribers, ${pendingTools} pending tool calls`,
} as const;

/** The most that an outage of Redis may add to a window. */
const outageAllowance = 1.05;

export function boundsOf(load: Load): Bound[] {
  const { before, after } = workersOf;
  const connections = poolBefore.size + poolBefore.overflow;
  const served = servedOfBurst(burst, connections, load);
  const { limit } = tokenRule;
  return [
    {
      name: 'turns that failed',
      bound: 0,
      arithmetic: `before: ${connections} connections / ${load.answerMs / 1_000} s = ${(connections * 1_000) / load.answerMs} turns/s of ${load.perSecond} offered`,
      source: 'exhausted at ~100 concurrent turns (reported)',
    },
    {
      name: rowNames.burst,
      bound: 0,
      arithmetic: `before: ${connections} connections x ${load.waitMs / load.answerMs} waves = ${served} served at best; after: ${poolAfter.size + poolAfter.overflow} connections`,
      source: 'exhausted at ~100 concurrent turns (reported)',
    },
    {
      name: rowNames.handshakes,
      bound: maxConnections,
      arithmetic: `at most ${maxConnections} connections to a base URL from one process, whatever the key; before: one for each call`,
      source: 'one per call -> one client per (api key, base url) (reported)',
    },
    {
      name: rowNames.searches,
      bound: maxConnections,
      arithmetic: `at most ${maxConnections}; before: one for each request`,
      source: 'one client per request -> one, at most 200 connections (reported)',
    },
    {
      name: rowNames.subscribers,
      bound: after,
      arithmetic: `${after} workers x 1; before: one for each pending call`,
      source: 'O(N) -> O(1), one subscription per process (reported)',
    },
    {
      name: 'GetOrgByApp',
      bound: load.apps * after,
      arithmetic: `${load.apps} apps x ${after} workers; before: one for each turn that ${before} worker gets to`,
      source: 'a query per LLM call -> one per app id per process (reported)',
    },
    {
      name: 'admitted in the worst window',
      bound: Math.floor(limit * outageAllowance),
      arithmetic: `limit ${limit} in ${tokenRule.windowMs / 1_000} s over ${after} workers, x ${outageAllowance} while Redis is killed and comes back; before: ${limit} x ${after}`,
      source: 'per process -> correct across workers (reported)',
    },
    {
      name: 'waited over 1 s for the limiter',
      bound: 0,
      arithmetic: 'while Redis is dead; before: a counter over Redis with the settings of the client',
      source: 'hangs (measured by us)',
    },
    {
      name: 'pages read by the session lookup',
      bound: 8,
      arithmetic: `index pages from root to leaf, and one of the table; before: all pages of ${count(rowsOfPlan)} rows`,
      source: 'sequential scan -> partial index (reported)',
    },
  ];
}

/** Roughly, beside the load itself: opening the sessions twice, and the probes. */
const probesMs = { before: 20_000, after: 25_000 };

export function planTenThousandSessions(options: RunOptions): Plan {
  const load = loadOf(options, openFilesLimit());
  const bounds = boundsOf(load);
  const chosen = (['before', 'after'] as const).filter((name) => options[name]);
  return {
    scale: scaleOf(load),
    bounds: [
      ...bounds.map(({ name, bound, arithmetic }) => `${name}: at most ${count(bound)} (${arithmetic})`),
      `limit: ${workersOf.after} workers x ${poolAfter.size + poolAfter.overflow} connections = ${workersOf.after * (poolAfter.size + poolAfter.overflow)}, over Postgres' default of 100: the pool says so at start`,
    ],
    rows: bounds.map(({ name, bound, source }) => ({ name, bound, source })),
    loadMs: chosen.reduce((sum, name) => sum + load.durationMs + probesMs[name], 0),
  };
}

export function scaleOf(load: Load): string {
  const { sessions, perSecond, durationMs, answerMs, waitMs } = load;
  const time = full.answerMs / answerMs;
  return [
    `open loop, ${count(sessions)} sessions held open, ${perSecond} turns/s over them for ${Math.round(durationMs / 1_000)} s`,
    sessions === full.sessions
      ? 'sessions 1:1'
      : `sessions 1:${(full.sessions / sessions).toFixed(1)} (more need a higher limit of open files: ulimit -Hn)`,
    `time ${time}:1 (the language model takes ${answerMs / 1_000} s, a turn waits ${waitMs / 1_000} s for a connection)`,
    `${workersOf.before} worker before, ${workersOf.after} after`,
  ].join(', ');
}

function count(value: number): string {
  return value.toLocaleString('en');
}
