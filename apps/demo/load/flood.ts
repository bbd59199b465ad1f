import { Pool } from 'undici';
import { evenly, openLoop } from './open-loop.ts';
import type { LoadReport, Recorder } from './recorder.ts';

export interface FloodProfile {
  ports: number[];
  path: string;
  /** Whom all requests come from. */
  token: string;
  perSecond: number;
  durationMs: number;
}

/** When a request was sent and answered, milliseconds since 1970: what was decided about it was decided in between. */
export interface Answer {
  sentMs: number;
  answeredMs: number;
  admitted: boolean;
}

export interface FloodReport extends LoadReport {
  answers: Answer[];
}

const now = (): number => performance.timeOrigin + performance.now();

/** One token asks all workers in turn, more often than it may. Open loop. */
export async function runFlood(
  { ports, path, token, perSecond, durationMs }: FloodProfile,
  record: () => Recorder,
  stop: AbortSignal,
): Promise<FloodReport> {
  const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: null, pipelining: 1 }));
  const answers: Answer[] = [];
  const send = async (index: number, signal: AbortSignal): Promise<void> => {
    const sentMs = now();
    const headers = { 'x-sdk-token': token };
    const answer = await pools[index % pools.length]!.request({ method: 'GET', path, headers, signal });
    const text = await answer.body.text();
    if (answer.statusCode !== 200 && answer.statusCode !== 429) throw new Error(`${answer.statusCode} ${text}`);
    answers.push({ sentMs, answeredMs: now(), admitted: answer.statusCode === 200 });
  };
  try {
    const report = await openLoop({ schedule: evenly(perSecond, durationMs), send }, record(), stop);
    return { ...report, answers };
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}
