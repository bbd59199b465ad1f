import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { debianPackage } from './debian-package.ts';
import { findProgram } from './find-program.ts';
import { ServerMissingError } from './server-missing-error.ts';

/** How to run a Redis on `port`: the command line, its environment, and how a signal reaches the server. */
export interface RedisProgram {
  command(port: number, args: string[], name: string): { command: string; args: string[]; env: NodeJS.ProcessEnv };
  /** Sends `signal` to the server when the process that we started is only its client (a container). */
  signal?(name: string, signal: NodeJS.Signals): void;
}

let found: Promise<RedisProgram> | undefined;

/**
 * Finds a Redis or Valkey server: on PATH, else the distribution's package unpacked below `node_modules/.cache`,
 * else a container. @throws {ServerMissingError} None of them can be had.
 */
export function findRedis(): Promise<RedisProgram> {
  found ??= search();
  return found;
}

async function search(): Promise<RedisProgram> {
  const installed = findProgram('redis-server', 'valkey-server');
  if (installed !== undefined) return native(installed, process.env);
  const tried = ['redis-server and valkey-server are not on PATH'];
  try {
    const { root, env } = await debianPackage('redis-server');
    return native(join(root, 'usr/bin/redis-server'), env);
  } catch (error) {
    tried.push(`apt-get could not fetch redis-server (${firstLine(error)})`);
  }
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
    return container();
  } catch {
    tried.push('no Docker engine answers');
  }
  const install = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server';
  throw new ServerMissingError(`No Redis: ${tried.join('; ')}. Run "${install}", or set REDIS_URL.`);
}

const serverArgs = (port: number, bind: string, args: string[]): string[] => [
  '--port',
  String(port),
  '--bind',
  bind,
  '--save',
  '',
  '--appendonly',
  'no',
  '--daemonize',
  'no',
  ...args,
];

function native(path: string, env: NodeJS.ProcessEnv): RedisProgram {
  return { command: (port, args) => ({ command: path, args: serverArgs(port, '127.0.0.1', args), env }) };
}

/** The container ends when its standard input closes, so it ends with the client that holds it. */
function container(): RedisProgram {
  const script = '(cat <&3 >/dev/null; kill 1) 3<&0 & exec "$@"';
  return {
    command: (port, args, name) => {
      const docker = ['run', '--rm', '-i', '--name', name, '-p', `127.0.0.1:${port}:${port}`, 'redis:8-alpine'];
      const server = ['redis-server', ...serverArgs(port, '0.0.0.0', args), '--protected-mode', 'no'];
      return { command: 'docker', args: [...docker, 'sh', '-c', script, 'sh', ...server], env: process.env };
    },
    signal: (name, signal) => execFileSync('docker', ['kill', '--signal', signal, name], { stdio: 'ignore' }),
  };
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!;
