import { until } from '@corral-internal/test-kit';
import { command } from '../../../run/replicas.ts';
import type { Part } from '../part.ts';
import { startUpstream, withWorkers } from '../workers.ts';
import { turnsAtOnce } from './devices.ts';
import { listClients } from './redis-clients.ts';

const turns = 20;

interface Connections {
  upstream: number;
  redis: number;
  postgres: number;
}

interface Lifecycle {
  open: Connections;
  closed: Connections;
}

/** The app closes and its process lives on: which connections do the others still have? Counted by them. */
export const lifecycle: Part<Lifecycle> = {
  name: 'closing the app',
  look: async ({ name, place, stage: { admin } }) => {
    const upstream = await startUpstream(); // its own: nobody else is connected to it
    try {
      return await withWorkers(name, 1, { ...place, upstream }, async ({ replicas: [worker], ports: [port] }) => {
        const count = async (): Promise<Connections> => {
          const { llm, knowledgeBase } = await upstream.counts();
          const { rows } = await admin.query<{ open: number }>(
            'SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = $1',
            [`worker-${worker!.pid}`],
          );
          const clients = place.redisUrl === undefined ? [] : await listClients(place.redisUrl, worker!.pid);
          return { upstream: llm.open + knowledgeBase.open, redis: clients.length, postgres: rows[0]!.open };
        };
        await turnsAtOnce(port!, turns, place.load);
        const open = await count();
        await command(worker!, 'closeApp');
        let closed = await count();
        const isClosed = async (): Promise<boolean> => {
          closed = await count();
          return sum(closed) === 0;
        };
        await until(isClosed, { timeoutMs: 1_000, label: 'nothing is open' }).catch(() => {});
        return { open, closed };
      });
    } finally {
      await upstream.close();
    }
  },
  check: ({ before, after }) =>
    after && {
      name: 'HTTP clients, listener and pool open and close with the app',
      ok: sum(after.open) > 0 && sum(after.closed) === 0,
      detail: `${turns} turns, then the app closes: ${before === undefined ? '' : `before ${said(before)}; `}after ${said(after)}`,
    },
};

const sum = ({ upstream, redis, postgres }: Connections): number => upstream + redis + postgres;

const said = ({ open, closed }: Lifecycle): string =>
  `${open.upstream} -> ${closed.upstream} upstream, ${open.redis} -> ${closed.redis} Redis, ${open.postgres} -> ${closed.postgres} Postgres connections`;
