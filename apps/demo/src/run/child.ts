import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of this run. It ends with this one: it watches the channel between the two. */
export interface Child {
  readonly pid: number;
  /** Sends a request and resolves with the answer. @throws {Error} The child failed at it, or ended. */
  ask<Answer>(type: string, payload?: unknown): Promise<Answer>;
  /** Calls `listener` for each event of that type that the child sends. */
  on(type: string, listener: (payload: never) => void): void;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Asks the child to close what it holds, and waits for its end; SIGKILL after 5 s. */
  close(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

type FromChild =
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'failure'; id: number; message: string }
  | { type: 'event'; name: string; payload: never };

const root = new URL('../../../../', import.meta.url);
const running = new Set<Child>();
let stopping: Error | undefined;

/** Ends every child; what waits for one fails, and no further child starts. The answer to Ctrl-C. */
export async function stopChildren(reason: Error): Promise<void> {
  stopping = reason;
  await endChildren();
}

/** Ends the children that run now, and what waits for one fails; others may start afterwards. */
export async function endChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.close()));
}

/** Compiled modules are kept between runs: a replica is up in a third of the time. */
const compileCache = process.env['NODE_COMPILE_CACHE'] ?? fileURLToPath(new URL('node_modules/.cache/compile', root));

/** Forks `script` (relative to apps/demo). What it prints on standard error goes to ours. */
export function startChild(script: string): Child {
  if (stopping !== undefined) throw stopping;
  const process_ = fork(fileURLToPath(new URL(`apps/demo/${script}`, root)), {
    execArgv: ['--conditions=@corral/source'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<string, (payload: never) => void>();
  let lastId = 0;

  const ended = new Promise<void>((resolve) => process_.once('exit', () => resolve()));
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${script} (pid ${process_.pid}) has ended`));
    waiting.clear();
  });
  process_.on('message', (message: FromChild) => {
    if (message.type === 'event') {
      listeners.get(message.name)?.(message.payload);
      return;
    }
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.type === 'answer') asked?.resolve(message.value);
    else asked?.reject(new Error(`${script}: ${message.message}`));
  });

  const child: Child = {
    pid: process_.pid!,
    ended,
    ask: <Answer>(type: string, payload?: unknown) =>
      new Promise<Answer>((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        process_.send({ id, type, payload }, (error) => {
          if (error === null) return;
          waiting.delete(id);
          reject(error);
        });
      }),
    on: (type, listener) => void listeners.set(type, listener),
    close: () => closeChild(process_, ended),
    kill: async () => {
      process_.kill('SIGKILL');
      await ended;
    },
  };
  running.add(child);
  void ended.then(() => running.delete(child));
  return child;
}

async function closeChild(process_: ChildProcess, ended: Promise<void>): Promise<void> {
  // A child that has lost its channel closes what it holds and ends.
  if (process_.connected) process_.disconnect();
  const timer = setTimeout(() => process_.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}
