import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface DemoCommand {
  child: ChildProcess;
  finished: Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Starts the demo as if typed in `folder`, which also holds the temporary folders of its servers. */
export function startDemo(folder: string, args: string[]): DemoCommand {
  const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--conditions=@corral/source', main, ...args], {
    env: { ...env, INIT_CWD: folder, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const all = [once(child, 'close'), text(child.stdout), text(child.stderr)] as const;
  const finished = Promise.all(all).then(([[code], stdout, stderr]) => ({ code: code as number, stdout, stderr }));
  return { child, finished };
}

/** The folders of servers that are still there. */
export const serverFolders = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('corral-'));

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
