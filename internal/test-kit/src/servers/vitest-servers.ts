import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
    redisUrl: string;
  }
}

/** One Postgres and one Redis for the whole test run: those of DATABASE_URL and REDIS_URL, else our own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { DATABASE_URL, REDIS_URL } = process.env;
  const [postgres, redis] = await Promise.all([
    DATABASE_URL === undefined ? startPostgres() : undefined,
    REDIS_URL === undefined ? startRedis() : undefined,
  ]);
  project.provide('databaseUrl', postgres?.url ?? DATABASE_URL!);
  project.provide('redisUrl', redis?.url ?? REDIS_URL!);
  return async () => {
    await Promise.all([postgres?.close(), redis?.close()]);
  };
}
