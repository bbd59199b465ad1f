import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { MissingError } from './missing.ts';

export interface StageRedis {
  url: string;
  version: string;
  /** The Redis of this run, to be killed and started again; undefined when a URL names somebody's server. */
  own: RedisServer | undefined;
}

/** Long enough for a server on another machine, milliseconds. */
const answerMs = 3_000;

/** The server at `given`, else one of our own. @throws {MissingError | ServerMissingError} It does not answer; there is none. */
export async function openRedis(given: string | undefined): Promise<StageRedis> {
  const own = given === undefined ? await startRedis() : undefined;
  const url = own?.url ?? given!;
  const client = new Redis(url, { lazyConnect: true, connectTimeout: answerMs, retryStrategy: () => null });
  client.on('error', () => {}); // the command below says it
  try {
    await client.connect();
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown';
    return { url, version, own };
  } catch (error) {
    await own?.close();
    throw new MissingError(
      `No Redis: REDIS_URL or --redis-url names a server that does not answer (${(error as Error).message}). ` +
        'Start it, or leave it out: then the demo brings its own.',
      { cause: error },
    );
  } finally {
    client.disconnect();
  }
}
