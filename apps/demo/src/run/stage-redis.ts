import { setTimeout as delay } from 'node:timers/promises';
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
  if (given !== undefined) return { url: given, version: await versionOf(given).catch(notServed), own: undefined };
  const own = await startRedis();
  try {
    return { url: own.url, version: await versionOf(own.url), own };
  } catch (error) {
    await own.close();
    throw error;
  }
}

/** Asks once, and waits for at most 3 s: also a server that takes the connection and then says nothing. */
async function versionOf(url: string): Promise<string> {
  const isAddress = URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
  if (!isAddress) throw new Error('expected redis://host:port');
  const client = new Redis(url, { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null });
  // "Connection is closed" is what the command says; the connection knows why.
  let reason: Error | undefined;
  client.on('error', (error: Error) => (reason = error));
  const answered = new AbortController();
  const timedOut = async (): Promise<never> => {
    await delay(answerMs, undefined, answered);
    throw new Error(`timed out after ${answerMs} ms`);
  };
  const ask = async (): Promise<string> => {
    await client.connect();
    return /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown';
  };
  try {
    return await Promise.race([ask(), timedOut()]);
  } catch (error) {
    throw reason ?? error;
  } finally {
    answered.abort();
    client.disconnect();
  }
}

function notServed(cause: Error): never {
  throw new MissingError(
    `No Redis: REDIS_URL or --redis-url names a server that does not answer (${cause.message}). ` +
      'Start it, or leave it out: then the demo brings its own.',
    { cause },
  );
}
