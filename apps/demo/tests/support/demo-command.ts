import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface DemoCommand {
  child: ChildProcess;
  finished: Promise<{ code: number; stdout: string; stderr: string }>;
}

/** A temporary folder to type the demo's commands in. */
export function demoFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
  chmodSync(folder, 0o755); // as root, Postgres runs as another user
  return folder;
}

/** Starts the demo as if typed in `folder`, which also holds the temporary folders of its servers. */
export function startDemo(folder: string, args: string[], more: NodeJS.ProcessEnv = {}): DemoCommand {
  const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--conditions=@corral/source', main, ...args], {
    env: { ...env, INIT_CWD: folder, TMPDIR: folder, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const all = [once(child, 'close'), text(child.stdout), text(child.stderr)] as const;
  const finished = Promise.all(all).then(([[code], stdout, stderr]) => ({ code: code as number, stdout, stderr }));
  return { child, finished };
}

/** Runs `start` until the run is not called invalid: a machine that is busy with something else proves nothing either way. */
export async function believable(start: () => DemoCommand): Promise<Awaited<DemoCommand['finished']>> {
  for (let tries = 3; ; tries -= 1) {
    const end = await start().finished;
    if (end.code !== 2 || tries === 1) return end;
  }
}

/** The folders of servers that are still there. */
export const serverFolders = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('corral-'));

/** A process that has ended and waits for its parent does not run. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}
