import { until } from '@corral-internal/test-kit';
import { request } from 'undici';
import { command } from '../../run/replicas.ts';
import type { Check } from '../../run/result.ts';
import type { Stage } from '../../run/stage.ts';
import { withReplicas } from './callers.ts';
import { abortProbe } from './plan.ts';
import type { Composition } from './replica.ts';
import type { Lookups } from './routes.ts';

const { callers, leaving } = abortProbe;

interface Outcome {
  served: number;
  left: number;
  queries: number;
}

/** Callers of one cold key, some of whom disconnect while it loads: the first of them, who started the load, too. */
export async function checkAborts(stage: Stage): Promise<Check> {
  const before = await abortDuringLoad('before', stage);
  const after = await abortDuringLoad('memory', stage);
  const staying = callers - leaving;
  return {
    name: 'a client that leaves hurts nobody else',
    ok: after.served === staying && after.left === leaving && after.queries === 1,
    detail:
      `${callers} callers of a cold key, ${after.left} disconnect, among them the first: ${after.served} served, ` +
      `${after.queries} query; before: ${before.served} served, ${before.queries} queries`,
  };
}

/** A lock keeps the query waiting until exactly those have left who should: no clock is involved. */
async function abortDuringLoad(composition: Composition, stage: Stage): Promise<Outcome> {
  const { admin, databaseUrl, serverCounts } = stage;
  return withReplicas(composition, { replicas: 1, databaseUrl }, async ({ replicas: [replica], ports: [port] }) => {
    const lookups = (): Promise<Lookups> => command<Lookups>(replica!, 'lookups');
    const hasLookups = (wanted: Partial<Lookups>) => async (): Promise<boolean> => {
      const now = await lookups();
      return Object.entries(wanted).every(([name, value]) => now[name as keyof Lookups] === value);
    };
    await serverCounts.reset();
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const leave = new AbortController();
    let answers: Promise<boolean>[];
    try {
      answers = [isServed(port!, leave.signal)];
      await until(hasLookups({ waiting: 1 }), { label: 'the first caller has started the load' });
      for (let caller = 1; caller < callers; caller++) {
        answers.push(isServed(port!, caller < leaving ? leave.signal : undefined));
      }
      await until(hasLookups({ waiting: callers }), { label: 'all callers wait' });
      leave.abort();
      await until(hasLookups({ left: leaving }), { label: 'the server has seen who left' });
    } finally {
      await admin.query('COMMIT');
    }
    const served = (await Promise.all(answers)).filter(Boolean).length;
    await until(hasLookups({ waiting: 0 }), { timeoutMs: 30_000, label: 'every query is over' });
    const counts = await serverCounts.read();
    return { served, left: (await lookups()).left, queries: counts['GetUserByID'] ?? 0 };
  });
}

async function isServed(port: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/oidc/userinfo?userId=1`, {
      signal: signal ?? null,
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false; // it has left
  }
}

/** A caller whose client is gone already. */
export async function checkAbortedCaller(stage: Stage): Promise<Check> {
  const { databaseUrl, serverCounts } = stage;
  return withReplicas('memory', { replicas: 1, databaseUrl }, async ({ replicas: [replica] }) => {
    await serverCounts.reset();
    const outcome = await command<string>(replica!, 'abortedCaller');
    const queries = (await serverCounts.read())['GetUserByID'] ?? 0;
    return {
      name: 'a caller that has left already starts nothing',
      ok: outcome === 'refused' && queries === 0,
      detail: `it is ${outcome}, with ${queries} queries`,
    };
  });
}
