import { createPool, type Pool, type PoolOptions } from '@corral/db-pool';
import { Redis } from 'ioredis';
import { createStatements, type Statements } from '../../../db/statements.ts';
import { addUp } from '../../../run/replicas.ts';
import { statements, type StatementName } from '../schema.ts';
import { literalOrigins, wildcardOrigins, type CorsOrigin } from './cors.ts';
import { expiryWithBackoff, swallowingExpiry, type ExpiryTask } from './expiry.ts';
import { createJournal, type Journal } from './journal.ts';
import { limitOverWorkers, limitPerProcess, type TokenLimit } from './limits.ts';
import { organisationsFromDatabase, rememberedOrganisations, type Organisations } from './organisations.ts';
import { resultsInDatabase, sharedInbox, subscriptionPerCall, type ToolResults } from './tool-results.ts';
import { inATransaction, onOneConnection, type TwoTasks } from './two-tasks.ts';
import { clientsPerCall, keyedClients, type UpstreamAddresses, type Upstreams } from './upstreams.ts';

/** What one worker of the chat platform is made of. */
export interface Parts {
  pool: Pool;
  db: Statements<StatementName>;
  /** Calls of each statement, over all pools. */
  counts(): Record<string, number>;
  /** A turn holds one connection from its first statement to its last; otherwise it takes one for each statement. */
  holdsConnection: boolean;
  upstreams: Upstreams;
  /** The same, made anew: nothing is open yet. */
  openUpstreams(): Upstreams;
  tools: ToolResults;
  limit: TokenLimit;
  organisations: Organisations;
  expiryTask: ExpiryTask;
  twoTasks: TwoTasks;
  /** Which origins a browser may come from. */
  allowedOrigins: CorsOrigin;
  journal: Journal;
  /** Whether a failed turn leaves a line in the journal. */
  logsFailures: boolean;
  close(): Promise<void>;
}

export interface PartsStart {
  databaseUrl: string;
  redisUrl: string | undefined;
  addresses: UpstreamAddresses;
  /** How long a turn waits for a connection, milliseconds. */
  waitMs: number;
  workers: number;
  name: string;
}

/** Before: what the platform was made of when it stood still at 100 turns. */
export async function partsBefore({ databaseUrl, redisUrl, addresses, waitMs, name }: PartsStart): Promise<Parts> {
  const pool = openPool({ connection: databaseUrl, name, acquireTimeoutMs: waitMs, ...poolBefore });
  const db = createStatements(pool, statements);
  const tools = redisUrl === undefined ? await sharedInbox(undefined) : subscriptionPerCall(redisUrl, name);
  const limit = limitPerProcess();
  return {
    pool,
    db,
    counts: db.counts,
    holdsConnection: true,
    upstreams: clientsPerCall(addresses),
    openUpstreams: () => clientsPerCall(addresses),
    tools,
    limit,
    organisations: organisationsFromDatabase(db),
    expiryTask: swallowingExpiry,
    twoTasks: onOneConnection(databaseUrl),
    allowedOrigins: literalOrigins,
    journal: createJournal(),
    logsFailures: false,
    close: async () => {
      await Promise.all([tools.close(), limit.close(), pool.close({ timeoutMs: 100 })]);
    },
  };
}

/** After: shared clients and one shared listener that live and end with the app, a pool of 150, and a log that tells. */
export async function partsAfter(start: PartsStart, sizes: PoolSizes = poolAfter): Promise<Parts> {
  const { databaseUrl, redisUrl, addresses, waitMs, workers, name } = start;
  const journal = createJournal();
  const pool = openPool({ connection: databaseUrl, name, acquireTimeoutMs: waitMs, ...sizes });
  const { warnings } = await pool.validate({ processes: workers });
  for (const warning of warnings) journal.warn(`pool: ${warning}`);
  const db = createStatements(pool, statements);
  // Turns hold their connections until results come: these wait for none of them, or all would wait for each other.
  const resultsPool = openPool({ connection: databaseUrl, name, size: 2, overflow: 0, minIdle: 2 });
  await resultsPool.ready();
  const resultsDb = createStatements(resultsPool, statements);
  const redis =
    redisUrl === undefined ? undefined : new Redis(redisUrl, { connectionName: name, retryStrategy: () => 100 });
  redis?.on('error', () => {}); // what uses it says what it suffers
  if (redis === undefined) {
    journal.warn('no Redis: in-memory fallbacks are active (rate limit by share, tool results within this process)');
  }
  const [upstreams, tools, limit] = [
    keyedClients(addresses),
    await sharedInbox(redis, resultsInDatabase(resultsDb)),
    limitOverWorkers(redis, workers),
  ];
  await limit.limiter.ready();
  return {
    pool,
    db,
    counts: () => addUp([db.counts(), resultsDb.counts()]),
    holdsConnection: sizes === poolAfter,
    upstreams,
    openUpstreams: () => keyedClients(addresses),
    tools,
    limit,
    organisations: rememberedOrganisations(db),
    expiryTask: expiryWithBackoff(journal),
    twoTasks: inATransaction(pool),
    allowedOrigins: wildcardOrigins,
    journal,
    logsFailures: true,
    close: async () => {
      await Promise.all([upstreams.close(), tools.close(), limit.close()]);
      await Promise.all([pool.close(), resultsPool.close()]);
      redis?.disconnect();
    },
  };
}

type PoolSizes = Pick<PoolOptions, 'size' | 'overflow' | 'prePing' | 'recycleMs'>;

export const poolBefore = { size: 5, overflow: 10, prePing: false, recycleMs: Infinity };
/** `pool_pre_ping` of the source asks before each checkout. */
export const poolAfter = { size: 100, overflow: 50, prePing: 'always', recycleMs: 3_600_000 } as const;
/** Our own finding: 15 connections are enough when none is held while the language model thinks. */
export const poolReleased = { size: 5, overflow: 10, prePing: true, recycleMs: 3_600_000 };

const openPool = (options: PoolOptions): Pool => createPool({ overflowAfterMs: 0, ...options });
