import { cpus } from 'node:os';
import { findNginx } from '@corral-internal/test-kit/servers';
import { openGivenRedis, openStage, type Stage } from '../run/stage.ts';

/** Says what is here and which command provides what is missing; returns the exit code. */
export async function doctor(redisUrl: string | undefined): Promise<number> {
  const found = [
    await look('Node', async () => `${process.versions.node}, ${cpus().length} cores`),
    ...(await lookAtServers(redisUrl)),
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
async function lookAtServers(redisUrl: string | undefined): Promise<boolean[]> {
  let stage: Stage | undefined;
  const postgres = await look('Postgres', async () => {
    stage = await openStage({ redisUrl });
    const whose = stage.ownPostgres === undefined ? 'the server of DATABASE_URL' : 'embedded, starts and stops';
    const counts = stage.serverCounts.available ? '' : '; without pg_stat_statements the app alone counts';
    return `${stage.postgresVersion}, ${whose}${counts}`;
  });
  const redis = await look('Redis', async () => {
    const { version, own } = await (stage?.redis() ?? openGivenRedis(redisUrl));
    if (stage === undefined) await own?.close();
    return `${version}, ${own === undefined ? 'the server that was named' : 'starts and stops'}`;
  });
  await stage?.close();
  return [postgres, redis];
}
