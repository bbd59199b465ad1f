import { Client } from 'pg';
import {
  createDatabase,
  findProgram,
  startPostgres,
  startRedis,
  type PostgresServer,
  type RedisServer,
} from '@corral-internal/test-kit/servers';
import { createServerCounts, type ServerCounts } from '../db/server-counts.ts';

/** What a scenario runs on: real servers, with a database of its own. */
export interface Stage {
  readonly databaseUrl: string;
  /** A connection of the supervisor, not counted among the app's. */
  readonly admin: Client;
  readonly serverCounts: ServerCounts;
  readonly postgresVersion: string;
  /** The Postgres of this run, to be killed and started again; undefined when DATABASE_URL names somebody's server. */
  readonly ownPostgres: PostgresServer | undefined;
  /** Starts a Redis on first use, unless `--redis-url` or REDIS_URL names one. @throws {RedisMissingError} */
  redis(): Promise<StageRedis>;
  close(): Promise<void>;
}

export interface StageRedis {
  url: string;
  version: string;
  /** The Redis of this run, to be killed and started again; undefined when a URL names somebody's server. */
  own: RedisServer | undefined;
}

export interface StageOptions {
  /** Server settings of an embedded Postgres. */
  settings?: Record<string, string | number>;
  redisUrl?: string | undefined;
}

/** Starts Postgres (DATABASE_URL, else the embedded one) and makes an empty database in it. */
export async function openStage({ settings, redisUrl }: StageOptions = {}): Promise<Stage> {
  const given = process.env['DATABASE_URL'];
  const own = given === undefined ? await startPostgres(settings === undefined ? {} : { settings }) : undefined;
  const server = own?.url ?? given!;
  const databaseUrl = await createDatabase(server);
  const admin = new Client({ connectionString: databaseUrl, application_name: 'corral-demo-supervisor' });
  admin.on('error', () => {}); // the next query says it
  await admin.connect();
  const { rows } = await admin.query<{ server_version: string }>('SHOW server_version');

  let redis: Promise<StageRedis> | undefined;
  return {
    databaseUrl,
    admin,
    serverCounts: await createServerCounts(admin),
    ownPostgres: own,
    postgresVersion: rows[0]!.server_version,
    redis: () => (redis ??= openRedis(redisUrl ?? process.env['REDIS_URL'])),
    close: async () => {
      await (await redis?.catch(() => undefined))?.own?.close();
      await admin.end().catch(() => {});
      if (own === undefined) await dropDatabase(server, databaseUrl);
      else await own.close();
    },
  };
}

async function openRedis(given: string | undefined): Promise<StageRedis> {
  if (given !== undefined) return { url: given, version: 'given', own: undefined };
  const own = await startRedis();
  return { url: own.url, version: findProgram('redis-server') ?? 'fetched', own };
}

/** A given server is somebody's: nothing of ours stays in it. */
async function dropDatabase(server: string, databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${new URL(databaseUrl).pathname.slice(1)} WITH (FORCE)`);
  await client.end();
}
