import { cpus } from 'node:os';
import { openStage } from '../run/stage.ts';
import { findNginx } from '../scenarios/response-cache/nginx.ts';

/** Says what is here and which command provides what is missing; returns the exit code. */
export async function doctor(redisUrl: string | undefined): Promise<number> {
  const found = [
    await look('Node', async () => `${process.versions.node}, ${cpus().length} cores`),
    await look('Postgres', postgres),
    await look('Redis', () => redis(redisUrl)),
    await look('nginx', async () => (await findNginx()).command),
  ];
  return found.every(Boolean) ? 0 : 3;
}

async function look(name: string, find: () => Promise<string>): Promise<boolean> {
  try {
    console.log(`ok       ${name}: ${await find()}`);
    return true;
  } catch (error) {
    console.log(`MISSING  ${name}: ${(error as Error).message}`);
    return false;
  }
}

/** Starts what a run would start, and ends it. */
async function postgres(): Promise<string> {
  const stage = await openStage();
  try {
    const whose = stage.ownPostgres === undefined ? 'the server of DATABASE_URL' : 'embedded, starts and stops';
    const counts = stage.serverCounts.available ? '' : '; without pg_stat_statements the app alone counts';
    return `${stage.postgresVersion}, ${whose}${counts}`;
  } finally {
    await stage.close();
  }
}

async function redis(redisUrl: string | undefined): Promise<string> {
  const stage = await openStage({ redisUrl });
  try {
    const { version, own } = await stage.redis();
    return `${version}, ${own === undefined ? 'the server that was named' : 'starts and stops'}`;
  } finally {
    await stage.close();
  }
}
