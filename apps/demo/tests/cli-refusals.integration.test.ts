import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pause, processTree, resume } from '@corral-internal/faults';
import { findProgram } from '@corral-internal/test-kit/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { believable, demoFolder, isRunning, serverFolders, startDemo } from './support/demo-command.ts';

/** Runs that must not be believed, and what the demo says of them. */
let folder: string;
/** A machine on which nothing is installed, fetched before, or can be fetched. */
let bare: NodeJS.ProcessEnv;

beforeAll(() => {
  folder = demoFolder();
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  symlinkSync(findProgram('id')!, join(programs, 'id')); // to start Postgres as another user
  bare = { PATH: programs, CORRAL_CACHE: join(folder, 'cache') };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const demo = (args: string, env?: NodeJS.ProcessEnv) => startDemo(folder, args.split(' '), env);

describe('a run that must not be believed', () => {
  it('exits with 1 when the cache is broken on purpose: a bound breaks', async () => {
    const small = 'run config-cache --after --load-only --fast --chats 12 --turns 4 --replicas 2';
    const { code, stdout } = await believable(() => demo(small, { CORRAL_DEMO_BREAK: 'store' }));

    expect(stdout).toMatch(/GetEnabledChatProviders +- +[5-9]\d +14 +- +BROKEN/);
    expect(stdout).toContain('CORRAL_DEMO_BREAK=store: this run was broken on purpose');
    expect(code).toBe(1);
  }, 120_000);

  it('exits with 2 when the load process does not get its time: the run is invalid, not slow', async () => {
    const { child, finished } = demo('run config-cache --before --fast --chats 12 --turns 1 --replicas 1');
    while (child.exitCode === null) {
      for (const pid of processTree(child.pid!).filter(isLoadProcess)) await starve(pid);
      await delay(10);
    }
    const { code, stdout } = await finished;

    expect(stdout).toMatch(/INVALID: .* \(the load process was late by [0-9.]+ ms \(p99\), more than 20 ms/);
    expect(code).toBe(2);
  }, 60_000);
});

describe('a run on a machine without Redis', () => {
  it('exits with 3 and names the command, where nothing works without it', async () => {
    const { code, stderr } = await demo('run config-cache --bus redis', bare).finished;

    expect(stderr).toMatch(/No Redis: .* Run ".*install redis.*", or set REDIS_URL/);
    expect(code).toBe(3);
  }, 60_000);

  it('runs what it can, says SKIPPED of the rest, and exits with 3', async () => {
    const { code, stdout } = await believable(() =>
      demo('run cache-aside --after --load-only --fast --replicas 2', bare),
    );

    expect(stdout).toMatch(/GetUserByID, memory alone +- +4 +4 +- +ok/);
    expect(stdout).toMatch(/GetUserByID +- +- +2 +- +SKIPPED \(no Redis\)/);
    expect(stdout).toMatch(/SKIPPED the lease over all processes: No Redis: .* Run ".*install redis.*"/);
    expect(code).toBe(3);
  }, 120_000);

  it('is what doctor finds out before', async () => {
    const { code, stdout } = await demo('doctor', bare).finished;

    expect(stdout).toMatch(/ok {7}Postgres: /);
    expect(stdout).toMatch(/MISSING {2}Redis: No Redis: .* Run ".*", or set REDIS_URL/);
    expect(stdout).toMatch(/MISSING {2}nginx: No nginx\. Run ".*install nginx"/);
    expect(code).toBe(3);
  }, 60_000);
});

it.concurrent('exits with 3 when DATABASE_URL names no server, and says what to do', async () => {
  const { code, stderr } = await demo('run config-cache', { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' })
    .finished;

  expect(stderr).toMatch(/No Postgres: DATABASE_URL names .* Start it, or run "unset DATABASE_URL"/);
  expect(stderr).not.toContain('secret');
  expect(code).toBe(3);
});

it.concurrent('does not wait for ever for servers that take a connection and say nothing', async () => {
  const { port, close } = await listenSilently();
  const env = {
    DATABASE_URL: `postgres://u:secret@127.0.0.1:${port}/x`,
    REDIS_URL: `redis://:secret@127.0.0.1:${port}`,
  };
  const { code, stdout } = await demo('doctor', env).finished;
  close();

  expect(stdout).toMatch(/MISSING {2}Postgres: No Postgres: DATABASE_URL names .* \(.*timeout.*\)/);
  expect(stdout).toMatch(/MISSING {2}Redis: No Redis: REDIS_URL .* \(timed out after 3000 ms\)/);
  expect(stdout).not.toContain('secret');
  expect(code).toBe(3);
});

it.concurrent.each([
  ['run nonsense', /got nonsense/],
  ['run config-cache --json .', /--json: cannot write .*: it is a folder, expected a file/],
])('exits with 64 and says what is wrong with: %s', async (args, message) => {
  const { code, stdout, stderr } = await demo(args).finished;

  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
});

it.concurrent('exits with 64 when the port is taken, and leaves nothing running', async () => {
  const { port, close } = await listenSilently();
  const { code, stderr } = await demo(`--port ${port}`).finished;
  close();

  expect(stderr).toContain(`--port: cannot listen on ${port} (EADDRINUSE)`);
  expect(code).toBe(64);
  expect(serverFolders(folder)).toEqual([]);
});

it('stops like at Ctrl-C when nobody reads what it says', async () => {
  const { child, finished } = demo('run config-cache --before --fast --chats 12 --turns 1 --replicas 1');
  finished.catch(() => {}); // what it says cannot be read to its end
  child.stdout!.destroy();

  expect(await once(child, 'exit')).toEqual([130, null]);
});

/** A server that takes connections and never answers. */
async function listenSilently(): Promise<{ port: number; close(): void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function isLoadProcess(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('load/main.ts');
  } catch {
    return false;
  }
}

/** Leaves a process half of its time, as a machine does that is busy with something else. */
async function starve(pid: number): Promise<void> {
  if (!isRunning(pid)) return;
  try {
    pause(pid);
    await delay(60);
    resume(pid);
  } catch {
    // it has ended meanwhile
  }
}
