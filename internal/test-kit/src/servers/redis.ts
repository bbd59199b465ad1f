import { connect } from 'node:net';
import { until } from '../until.ts';
import { freePort } from './free-port.ts';
import { guardedFolder, removeGuardedFolder, startGuarded, type GuardedProcess } from './guarded-process.ts';
import { findRedis } from './redis-program.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server in order. Nothing is persisted. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts again after `stop` or `kill`: same port, and empty. */
  start(): Promise<void>;
  /** SIGSTOP: it holds its connections and answers nothing. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends the server and removes its folder. */
  close(): Promise<void>;
}

export interface RedisOptions {
  /** Further arguments of redis-server, e.g. `['--maxmemory', '64mb']`. */
  args?: string[];
  /** A port below this one (a cluster needs port + 10_000 too). */
  portBelow?: number;
}

/** Starts a Redis of its own on a free port of 127.0.0.1; it ends with this process. @throws {ServerMissingError} */
export async function startRedis({ args = [], portBelow }: RedisOptions = {}): Promise<RedisServer> {
  const program = await findRedis();
  const port = await freePort(portBelow);
  const folder = guardedFolder('corral-redis-');
  const name = `corral-redis-${process.pid}-${port}`;

  let server: GuardedProcess;
  const signal = (signal: NodeJS.Signals): void => {
    if (program.signal === undefined) process.kill(server.pid, signal);
    else program.signal(name, signal);
  };
  const start = async (): Promise<void> => {
    server = await startGuarded({ ...program.command(port, args, name), cwd: folder, stopSignal: 'SIGTERM' });
    await until(() => answers(port, server), { timeoutMs: 60_000, label: 'Redis answers' });
  };
  const end = async (with_: NodeJS.Signals): Promise<void> => {
    if (!server.running) return;
    signal(with_);
    await server.exited;
  };
  await start();

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    close: async () => {
      await end('SIGKILL');
      await removeGuardedFolder(folder);
    },
  };
}

/** Whether a PING gets its PONG. */
function answers(port: number, server: GuardedProcess): Promise<boolean> {
  if (!server.running) throw new Error(`Redis ended while it started: ${server.output.trim()}`);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('data', (data) => settle(data.toString().startsWith('+PONG')));
  });
}
