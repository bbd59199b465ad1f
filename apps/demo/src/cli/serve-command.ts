import { once } from 'node:events';
import { endChildren } from '../run/child.ts';
import { openStage, type Stage } from '../run/stage.ts';
import { scenarios } from '../scenarios/index.ts';
import { startPageServer } from '../server/server.ts';
import { UsageError, type Command } from './arguments.ts';

type ServeCommand = Extract<Command, { name: 'serve' }>;

/** Serves the page until Ctrl-C, with every scenario ready to run from it. */
export async function serveCommand({ options, port, redisUrl }: ServeCommand, signal: AbortSignal): Promise<number> {
  const stages = createStageSupply(() => openStage({ redisUrl }));
  const server = await startPageServer({
    scenarios,
    defaults: options,
    openStage: stages.take,
    endChildren,
    ...(port === undefined ? {} : { port }),
  }).catch(async (error: NodeJS.ErrnoException) => {
    await stages.close();
    if (error.syscall !== 'listen') throw error;
    throw new UsageError(`--port: cannot listen on ${port} (${error.code}); without it a free port is taken`);
  });
  try {
    console.log(`The demo is at ${server.url}\nChoose a scenario there and press Run. Ctrl-C here ends everything.`);
    if (!signal.aborted) await once(signal, 'abort');
    return 0;
  } finally {
    // Both at once: a stage that is given back now is not followed by another one.
    await Promise.all([stages.close(), server.close()]);
    console.log('\nstopped; everything that was started has been closed');
  }
}

/** Keeps one stage ready, so that the first point of a run does not wait for Postgres. */
export function createStageSupply(open: () => Promise<Stage>): { take(): Promise<Stage>; close(): Promise<void> } {
  let isClosed = false;
  let ready: Promise<Stage> | undefined;
  const prepare = (): void => {
    ready = open();
    ready.catch(() => {}); // whoever takes it gets the error
  };
  prepare();
  return {
    take: async () => {
      const prepared = ready ?? open();
      ready = undefined; // one that failed is not taken twice: what was missing may be there by now
      const stage = await prepared;
      return {
        ...stage,
        close: async () => {
          await stage.close();
          if (!isClosed) prepare();
        },
      };
    },
    close: async () => {
      isClosed = true;
      const stage = await ready?.catch(() => undefined);
      await stage?.close();
    },
  };
}
