import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@corral-internal/test-kit';
import { debianPackage, freePort } from '@corral-internal/test-kit/servers';

/** A real PgBouncer before the server of `databaseUrl`. */
export async function startPgBouncer(
  databaseUrl: string,
  mode: 'transaction' | 'session',
): Promise<{ url: string; close(): Promise<void> }> {
  const { root, env } = await debianPackage('pgbouncer');
  const url = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'corral-pgbouncer-'));
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
* = host=127.0.0.1 port=${url.port} user=${url.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = any
pool_mode = ${mode}
default_pool_size = 5
unix_socket_dir =
`,
  );
  chmodSync(folder, 0o755);
  // PgBouncer refuses to run as root.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(join(root, 'usr/sbin/pgbouncer'), [file], { env, ...nobody, stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await until(() => isOpen(port), { label: 'PgBouncer listens' });
  url.port = String(port);
  return {
    url: url.href,
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
