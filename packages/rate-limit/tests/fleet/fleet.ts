import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Contender, FromWorker, Shape, ToWorker, WorkerReport, WorkerSettings } from './protocol.ts';

/** Processes that share a limit, each with a limiter of its own. */
export interface Fleet {
  readonly size: number;
  /** Every worker sends the checks of its shape. */
  load(
    durationMs: number,
    shapeOf: (worker: number) => Shape,
    key?: string,
    limiter?: Contender,
  ): Promise<WorkerReport[]>;
  states(): Promise<string[]>;
  close(): Promise<void>;
}

type Unnumbered = ToWorker extends infer Message
  ? Message extends { id: number }
    ? Omit<Message, 'id'>
    : never
  : never;

export type FleetSettings = Omit<WorkerSettings, 'skewMs'> & { size: number; skewOf?: (worker: number) => number };

const workerFile = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Starts `size` processes and waits until each of them has reached Redis. They end with this process. */
export async function startFleet({ size, skewOf = () => 0, ...settings }: FleetSettings): Promise<Fleet> {
  const children = Array.from({ length: size }, () =>
    fork(workerFile, { execArgv: ['--conditions=@corral/source', '--no-warnings'] }),
  );
  let serial = 0;
  const ask = (child: ChildProcess, message: Unnumbered): Promise<FromWorker> =>
    new Promise((resolve, reject) => {
      const id = serial++;
      const onExit = (code: number | null): void =>
        reject(new Error(`a worker ended with ${code} during ${message.type}`));
      const onMessage = (reply: { id: number; answer: FromWorker }): void => {
        if (reply.id !== id) return;
        child.off('exit', onExit);
        child.off('message', onMessage);
        resolve(reply.answer);
      };
      child.once('exit', onExit);
      child.on('message', onMessage);
      child.send({ ...message, id });
    });
  const close = async (): Promise<void> => {
    for (const child of children) child.kill('SIGKILL');
  };
  try {
    await Promise.all(
      children.map((child, worker) => ask(child, { type: 'open', settings: { ...settings, skewMs: skewOf(worker) } })),
    );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    size,
    async load(durationMs, shapeOf, key = 'one', limiter = 'corral') {
      const answers = await Promise.all(
        children.map((child, worker) => ask(child, { type: 'load', shape: shapeOf(worker), durationMs, key, limiter })),
      );
      return answers.map((answer) => (answer as Extract<FromWorker, { type: 'report' }>).report);
    },
    async states() {
      const answers = await Promise.all(children.map((child) => ask(child, { type: 'state' })));
      return answers.map((answer) => (answer as Extract<FromWorker, { type: 'state' }>).state);
    },
    close,
  };
}
