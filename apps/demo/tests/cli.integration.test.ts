import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { processTree } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../src/run/result.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const tiny = ['--chats', '12', '--turns', '3', '--fast', '--replicas', '2'];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-cli-test-'));
  chmodSync(folder, 0o755); // as root, Postgres runs as another user
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  child: ChildProcess;
  finished: Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Starts the demo as if typed in `folder`, with a temporary folder of its own to look into. */
function demo(args: string[], more: NodeJS.ProcessEnv = {}): Run {
  const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--conditions=@corral/source', main, ...args], {
    env: { ...env, INIT_CWD: folder, TMPDIR: folder, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const all = [once(child, 'close'), text(child.stdout), text(child.stderr)] as const;
  const finished = Promise.all(all).then(([[code], stdout, stderr]) => ({ code: code as number, stdout, stderr }));
  return { child, finished };
}

const serverFolders = (): string[] => readdirSync(folder).filter((name) => name.startsWith('corral-'));

describe('demo run config-cache', () => {
  it('reproduces the story on a small load, with counts by Postgres, and writes the JSON where it was typed', async () => {
    const { code, stdout, stderr } = await demo(['run', 'config-cache', ...tiny, '--json', 'result.json']).finished;

    expect({ code, stderr: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, stderr: '' });
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as RunResult;
    expect(result).toMatchObject({
      schemaVersion: 1,
      seed: 1,
      scenarios: [{ id: 'config-cache', status: 'reproduced' }],
    });
    const [scenario] = result.scenarios;
    expect(scenario!.countedBy).toBe('pg_stat_statements');
    expect(scenario!.rows.map(({ before }) => before)).toEqual([72, 36, 36]);
    for (const { after, bound } of scenario!.rows) expect(after).toBeLessThanOrEqual(bound);
    expect(scenario!.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(serverFolders()).toEqual([]);
  }, 180_000);
});

it('leaves no process and no folder behind when it is interrupted, and runs again after that', async () => {
  const first = demo(['run', 'config-cache', ...tiny, '--before']);
  let printed = '';
  first.child.stderr!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until(() => printed.includes('before:'), { timeoutMs: 60_000, label: 'the load runs' });
  const tree = processTree(first.child.pid!);
  expect(tree.length).toBeGreaterThan(3);

  first.child.kill('SIGINT');

  expect((await first.finished).code).toBe(130);
  await until(() => serverFolders().length === 0, { label: 'the servers have gone' });
  expect(tree.filter(isRunning)).toEqual([]);
  const second = await demo(['run', 'config-cache', ...tiny, '--before']).finished;
  expect(second).toMatchObject({ code: 0 });
}, 180_000);

it('says what is wrong with the command line, and exits with 64', async () => {
  const { code, stderr } = await demo(['run', 'nonsense']).finished;

  expect(code).toBe(64);
  expect(stderr).toContain('got nonsense');
});

it('exits with 3 and names the command when a server cannot be had', async () => {
  // Nothing is on PATH, neither redis-server nor apt-get nor docker, and nothing was fetched before.
  const bare = { PATH: '/nonexistent', CORRAL_CACHE: join(folder, 'cache') };
  const { code, stdout } = await demo(['doctor'], bare).finished;

  expect(code).toBe(3);
  expect(stdout).toMatch(/MISSING {2}Redis: No Redis: .* Run ".*", or set REDIS_URL/);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}
