import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Parts } from './parts.ts';

/** What the probes ask of a worker beyond HTTP. */
export function commandsOf(app: FastifyInstance, parts: Parts): Record<string, (payload: never) => unknown> {
  let waiting: Promise<PromiseSettledResult<string>[]> = Promise.resolve([]);
  let expiry: { stop: AbortController; done: Promise<void>; tries: number } | undefined;
  return {
    journal: () => parts.journal.lines(),
    /** Closes the connections that a phase has left open: Postgres has no place for those of the next one beside them. */
    shedConnections: () => parts.pool.invalidate('the phase is over'),
    twoTasks: parts.twoTasks,
    call: (calls: Calls) => callUpstream(parts, calls),
    /** Leaves so many tool calls pending. */
    expectTools: async (count: number) => {
      const ids = Array.from({ length: count }, () => randomUUID());
      const expected = await Promise.all(ids.map((id) => parts.tools.expect(id, AbortSignal.timeout(20_000))));
      waiting = Promise.allSettled(expected.map(({ result }) => result));
      return expected.map(({ replyTo }, index) => ({ id: ids[index]!, replyTo }));
    },
    toolResults: async () => (await waiting).filter(({ status }) => status === 'fulfilled').length,
    startExpiry: (everyMs: number) => {
      const stop = new AbortController();
      const started = { stop, done: Promise.resolve(), tries: 0 };
      const expire = async (): Promise<void> => {
        started.tries++;
        await parts.db.run('ExpireSessions');
      };
      started.done = parts.expiryTask(expire, everyMs, stop.signal);
      expiry = started;
    },
    expiryTries: () => expiry?.tries ?? 0,
    stopExpiry: async () => {
      expiry?.stop.abort();
      await expiry?.done;
    },
    /** What the framework does when the process is asked to end; this one goes on, so that its connections can be counted. */
    closeApp: () => app.close(),
  };
}

export interface Calls {
  to: 'llm' | 'knowledge-base';
  count: number;
  /** So many are under way at once. */
  atOnce: number;
}

/** Calls an upstream `count` times, with nothing open at first; resolves with the processor time that it cost this process, milliseconds. */
async function callUpstream(parts: Parts, { to, count, atOnce }: Calls): Promise<number> {
  const upstreams = parts.openUpstreams();
  const start = process.cpuUsage();
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const call = next++;
      if (to === 'llm') await upstreams.complete({ apiKey: 'key-0', answerMs: 0 });
      else await upstreams.search(`query ${call}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const { user, system } = process.cpuUsage(start);
  await upstreams.close();
  return (user + system) / 1_000;
}
