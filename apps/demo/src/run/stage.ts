import { Client } from 'pg';
import { createDatabase, startPostgres, type PostgresServer } from '@corral-internal/test-kit/servers';
import { createServerCounts, type ServerCounts } from '../db/server-counts.ts';
import { openSession, type Session } from '../db/session.ts';
import { MissingError } from './missing.ts';
import { openRedis, type StageRedis } from './stage-redis.ts';

/** What a scenario runs on: real servers, with a database of its own. */
export interface Stage {
  readonly databaseUrl: string;
  /** The supervisor's own session, not counted among the app's. */
  readonly admin: Session;
  readonly serverCounts: ServerCounts;
  readonly postgresVersion: string;
  /** The Postgres of this run, to be killed and started again; undefined when DATABASE_URL names somebody's server. */
  readonly ownPostgres: PostgresServer | undefined;
  /** Starts a Redis on first use, unless `--redis-url` or REDIS_URL names one. @throws {MissingError | ServerMissingError} */
  redis(): Promise<StageRedis>;
  /** The servers that took part, by name and version. */
  versions(): Promise<Record<string, string>>;
  close(): Promise<void>;
}

export interface StageOptions {
  /** Server settings of an embedded Postgres. */
  settings?: Record<string, string | number>;
  redisUrl?: string | undefined;
}

/** An empty variable is none: that is how a shell or a CI file takes one away. */
const given = (name: 'DATABASE_URL' | 'REDIS_URL'): string | undefined => process.env[name] || undefined;

/** The Redis at `--redis-url` or REDIS_URL, else one of our own. @throws {MissingError | ServerMissingError} */
export const openGivenRedis = (redisUrl: string | undefined): Promise<StageRedis> =>
  openRedis(redisUrl ?? given('REDIS_URL'));

/**
 * Starts Postgres (DATABASE_URL, else the embedded one) and makes an empty database in it.
 * @throws {MissingError} There is no Postgres; the message says how to get one.
 */
export async function openStage({ settings, redisUrl }: StageOptions = {}): Promise<Stage> {
  const url = given('DATABASE_URL');
  if (url !== undefined) return stageAt(url, await databaseIn(url).catch(notServed), undefined, redisUrl);
  const own = await startOwn(settings);
  try {
    return await stageAt(own.url, await createDatabase(own.url), own, redisUrl);
  } catch (error) {
    await own.close();
    throw error;
  }
}

/** The stage over an empty database of a server that answers. */
async function stageAt(
  server: string,
  databaseUrl: string,
  own: PostgresServer | undefined,
  redisUrl: string | undefined,
): Promise<Stage> {
  const admin = openSession(databaseUrl, 'corral-demo-supervisor');
  const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');
  const postgresVersion = rows[0]!.server_version;

  let redis: Promise<StageRedis> | undefined;
  const redisIfUsed = (): Promise<StageRedis | undefined> | undefined => redis?.catch(() => undefined);
  return {
    databaseUrl,
    admin,
    serverCounts: await createServerCounts(admin),
    ownPostgres: own,
    postgresVersion,
    redis: () => (redis ??= openGivenRedis(redisUrl)),
    versions: async () => {
      const used = await redisIfUsed();
      return { postgres: postgresVersion, ...(used === undefined ? {} : { redis: used.version }) };
    },
    close: async () => {
      await (await redisIfUsed())?.own?.close();
      await admin.end();
      if (own === undefined) await dropDatabase(server, databaseUrl);
      else await own.close();
    },
  };
}

async function startOwn(settings: StageOptions['settings']): Promise<PostgresServer> {
  try {
    return await startPostgres(settings === undefined ? {} : { settings });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new MissingError(
      `No Postgres: npm has none for ${process.platform}-${process.arch}, or it was not installed. ` +
        'Run "npm install --include=optional", or set DATABASE_URL to a server.',
      { cause: error },
    );
  }
}

/** Long enough for a server on another machine, milliseconds. */
const answerMs = 3_000;

/** An empty database in a given server, which has 3 s for its first answer. */
async function databaseIn(url: string): Promise<string> {
  const isAddress = URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol);
  if (!isAddress) throw new Error('expected postgres://user:password@host:port/database');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: answerMs });
  client.on('error', () => {}); // connecting says it
  try {
    await client.connect();
  } finally {
    await client.end();
  }
  return createDatabase(url);
}

function notServed(cause: Error): never {
  throw new MissingError(
    `No Postgres: DATABASE_URL names a server that does not serve us (${cause.message}). ` +
      'Start it, or run "unset DATABASE_URL": then the demo brings its own.',
    { cause },
  );
}

/** A given server is somebody's: nothing of ours stays in it. */
async function dropDatabase(server: string, databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${new URL(databaseUrl).pathname.slice(1)} WITH (FORCE)`);
  await client.end();
}
