import { fork, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ProcessSpec {
  command: string;
  args: string[];
  /** What ends the process at once and in order, e.g. SIGQUIT for Postgres. */
  stopSignal: NodeJS.Signals;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  cwd?: string;
}

/** A server process that ends with this process, however this process ends. */
export interface GuardedProcess {
  readonly pid: number;
  /** What the process has printed so far, the last 64 kB. */
  readonly output: string;
  readonly running: boolean;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

type GuardianMessage = { id: number } & (
  | { type: 'spawned'; pid: number }
  | { type: 'log'; text: string }
  | { type: 'exit'; code: number | null; signal: NodeJS.Signals | null }
  | { type: 'removed' }
);

let guardian: ChildProcess | undefined;
let lastId = 0;
const listeners = new Map<number, (message: GuardianMessage) => void>();

function guardianProcess(): ChildProcess {
  if (guardian?.connected) return guardian;
  const started = fork(fileURLToPath(new URL('./guardian.mjs', import.meta.url)), {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  started.on('message', (message: GuardianMessage) => listeners.get(message.id)?.(message));
  // The guardian never keeps its parent alive.
  started.unref();
  started.channel?.unref();
  guardian = started;
  return started;
}

/** Starts `spec` under the guardian. @throws {Error} The command cannot be started; the message holds its output. */
export function startGuarded(spec: ProcessSpec): Promise<GuardedProcess> {
  const id = ++lastId;
  const exited = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
  const spawned = Promise.withResolvers<GuardedProcess>();
  const state = { pid: 0, output: '', running: true };
  listeners.set(id, (message) => {
    if (message.type === 'log') state.output = (state.output + message.text).slice(-65_536);
    if (message.type === 'spawned') {
      state.pid = message.pid;
      spawned.resolve({
        pid: message.pid,
        get exited() {
          return stayAlive(exited.promise);
        },
        get output() {
          return state.output;
        },
        get running() {
          return state.running;
        },
      });
    }
    if (message.type === 'exit') {
      state.running = false;
      listeners.delete(id);
      exited.resolve({ code: message.code, signal: message.signal });
      spawned.reject(new Error(`${spec.command} did not start: ${state.output.trim()}`));
    }
  });
  guardianProcess().send({ type: 'spawn', id, ...spec });
  return stayAlive(spawned.promise);
}

/** Runs `spec` to its end under the guardian. @throws {Error} It ends with another code than 0. */
export async function runGuarded(spec: ProcessSpec): Promise<string> {
  const started = await startGuarded(spec);
  const { code, signal } = await started.exited;
  if (code !== 0) throw new Error(`${spec.command} ended with ${signal ?? code}: ${started.output.trim()}`);
  return started.output;
}

/**
 * A new folder below the system's temporary folder that is removed with this process, however it ends. For an `owner`
 * who may not enter a private TMPDIR, it lies in /tmp.
 */
export function guardedFolder(prefix: string, owner?: { uid: number; gid: number }): string {
  const base = owner === undefined || isTraversable(tmpdir()) ? tmpdir() : '/tmp';
  const path = mkdtempSync(join(base, prefix));
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  guardianProcess().send({ type: 'ownFolder', path });
  return path;
}

/** Whether every user may enter `path` and each folder above it. */
export function isTraversable(path: string): boolean {
  if ((statSync(path).mode & 0o001) === 0) return false;
  return path === dirname(path) || isTraversable(dirname(path));
}

/** Removes a guarded folder now. */
export function removeGuardedFolder(path: string): Promise<void> {
  const id = ++lastId;
  const { promise, resolve } = Promise.withResolvers<void>();
  listeners.set(id, () => {
    listeners.delete(id);
    resolve();
  });
  guardianProcess().send({ type: 'removeFolder', id, path });
  return stayAlive(promise);
}

/** The guardian does not keep this process alive; whoever waits for its answer does. */
function stayAlive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  return promise.finally(() => clearInterval(timer));
}
