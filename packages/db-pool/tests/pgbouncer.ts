import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@corral-internal/test-kit';
import { debianPackage, freePort } from '@corral-internal/test-kit/servers';
import pg from 'pg';

export interface PgBouncer {
  readonly url: string;
  close(): Promise<void>;
}

/** A real PgBouncer in transaction mode before the server of `databaseUrl`, with `poolSize` server connections. */
export async function startPgBouncer(databaseUrl: string, poolSize: number): Promise<PgBouncer> {
  const { root, env } = await debianPackage('pgbouncer');
  const target = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'corral-pgbouncer-'));
  const configuration = join(folder, 'pgbouncer.ini');
  writeFileSync(
    configuration,
    `[databases]
* = host=127.0.0.1 port=${target.port} user=${target.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 100
unix_socket_dir =
`,
  );
  chmodSync(folder, 0o755);
  // PgBouncer refuses to run as root.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(join(root, 'usr/sbin/pgbouncer'), [configuration], {
    env,
    ...nobody,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = new URL(databaseUrl);
  url.port = String(port);
  await until(
    () =>
      answers(
        url.href,
        () => child.exitCode === null,
        () => output,
      ),
    { label: 'PgBouncer answers' },
  );
  return {
    url: url.href,
    async close() {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string, running: () => boolean, output: () => string): Promise<boolean> {
  if (!running()) throw new Error(`PgBouncer ended while it started: ${output()}`);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
