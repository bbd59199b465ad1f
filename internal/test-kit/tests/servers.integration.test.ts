import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgres, startRedis, startRedisCluster } from '../src/servers/index.ts';
import { until } from '../src/until.ts';

const query = async (url: string, text: string): Promise<unknown> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text, rowMode: 'array' });
  await client.end();
  return rows[0]?.[0];
};

const refuses = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });

/** State and parent of a process, as the kernel tells them. */
const stateOf = (pid: number): string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2);
};

const parentOf = (pid: number): number => Number(stateOf(pid)[1]);

/** Whether a process runs; one that has ended and that nobody has asked about yet does not. */
const runs = (pid: number): boolean => {
  try {
    return stateOf(pid)[0] !== 'Z';
  } catch {
    return false;
  }
};

describe('startPostgres', () => {
  it('keeps its data and its port through SIGKILL and a new start', async () => {
    const postgres = await startPostgres();
    await query(postgres.url, 'CREATE TABLE kept AS SELECT 7 AS n');

    await postgres.kill();
    expect(await refuses(postgres.port)).toBe(true);
    await postgres.start();

    expect(await query(postgres.url, 'SELECT n FROM kept')).toBe(7);
    await postgres.close();
    expect(await refuses(postgres.port)).toBe(true);
  });

  it('counts statements', async () => {
    const postgres = await startPostgres({ settings: { max_connections: 33 } });

    expect(await query(postgres.url, 'SHOW shared_preload_libraries')).toBe('pg_stat_statements');
    expect(await query(postgres.url, 'SHOW max_connections')).toBe('33');
    await postgres.close();
  });

  it('answers nothing while it is frozen, and goes on after that', async () => {
    const postgres = await startPostgres();
    const client = new Client({ connectionString: postgres.url });
    await client.connect();

    postgres.pause();
    let answered = false;
    const answer = client.query('SELECT 1').then(() => (answered = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    postgres.resume();

    await answer;
    await client.end();
    await postgres.close();
  });

  it('asks for the password that it was given', async () => {
    const postgres = await startPostgres({ password: 'p@ss word' });
    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';

    expect(await query(postgres.url, 'SELECT 1')).toBe(1);
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await postgres.close();
  });
});

describe('startRedis', () => {
  it('is empty after SIGKILL and a new start', async () => {
    const redis = await startRedis();
    const client = new Redis(redis.url);
    await client.set('key', 'value');

    await redis.kill();
    await redis.start();

    expect(await client.get('key')).toBeNull();
    client.disconnect();
    await redis.close();
  });

  it('makes a cluster of three that covers all slots', async () => {
    const cluster = await startRedisCluster();
    const client = new Redis(cluster.nodes[1]!.url);

    expect(await client.cluster('INFO')).toContain('cluster_slots_ok:16384');
    client.disconnect();
    await cluster.close();
  });
});

it('ends the servers of a process that dies by SIGKILL, while one of them prints', async () => {
  const script = fileURLToPath(new URL('./orphan.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--conditions=@corral/source', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const servers = JSON.parse(line.toString()) as number[];
  expect(servers.every(runs)).toBe(true);

  // The guardian wakes up with something to pass on to a parent that is dead already.
  const guardian = parentOf(servers[0]!);
  process.kill(guardian, 'SIGSTOP');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  process.kill(guardian, 'SIGCONT');

  await until(() => !servers.some(runs), { label: 'all servers have ended' });
});
