import { findProgram, RedisMissingError, startPostgres, startRedis } from '@corral-internal/test-kit/servers';

/** Says what is here and which command provides what is missing; returns the exit code. */
export async function doctor(): Promise<number> {
  const results = [await look('Node', nodeVersion), await look('Postgres', postgres), await look('Redis', redis)];
  return results.every(Boolean) ? 0 : 3;
}

async function look(name: string, find: () => string | Promise<string>): Promise<boolean> {
  try {
    console.log(`ok       ${name}: ${await find()}`);
    return true;
  } catch (error) {
    console.log(`MISSING  ${name}: ${(error as Error).message}`);
    return false;
  }
}

const nodeVersion = (): string => process.versions.node;

async function postgres(): Promise<string> {
  if (process.env['DATABASE_URL'] !== undefined) return 'the server of DATABASE_URL';
  const server = await startPostgres();
  await server.close();
  return 'embedded, starts and stops';
}

async function redis(): Promise<string> {
  if (process.env['REDIS_URL'] !== undefined) return 'the server of REDIS_URL';
  const server = await startRedis();
  await server.close();
  return `${findProgram('redis-server', 'valkey-server') ?? 'fetched below node_modules/.cache'}, starts and stops`;
}

/** Whether `error` says that a server is missing, and how to get it. */
export const isMissing = (error: unknown): error is Error => error instanceof RedisMissingError;
