import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@corral-internal/test-kit';
import { Pool } from 'undici';
import type { LoadReport, Recorder } from './recorder.ts';

export interface ChatProfile {
  ports: number[];
  chats: number;
  turns: number;
  /** Chats are spread over this many users. */
  users: number;
  /** The time of a turn, milliseconds, +- 20 %. */
  turnMs: number;
  seed: number;
}

/**
 * Closed loop by nature: a chat waits for its answer before it asks again. The latency is the time of a turn beyond the
 * language model's answer.
 */
export async function runChats(profile: ChatProfile, recorder: Recorder, signal: AbortSignal): Promise<LoadReport> {
  const pools = profile.ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: null, pipelining: 1 }));
  try {
    await Promise.all(
      Array.from({ length: profile.chats }, (_, chat) => runChat(profile, chat, pools, recorder, signal)),
    );
    return recorder.finish();
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

async function runChat(
  { chats, turns, users, turnMs, seed }: ChatProfile,
  chat: number,
  pools: Pool[],
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  const random = seededRandom(seed + chat);
  // As behind a load balancer: a chat keeps its replica, and gets the next one when that is gone.
  const [own, other] = [pools[chat % pools.length]!, pools[(chat + 1) % pools.length]!];
  const jittered = (): number => turnMs * (0.8 + 0.4 * random.next());
  // People do not start together: the first turns spread over one turn's time.
  await delay((turnMs * chat) / chats, undefined, { signal }).catch(() => {});
  for (let turn = 0; turn < turns && !signal.aborted; turn++) {
    const answerMs = Math.round(jittered());
    const startMs = performance.now();
    try {
      const turn = { userId: (chat % users) + 1, answerMs };
      const { statusCode, body } = await ask(own, turn, signal).catch((error: unknown) => {
        if (own === other || signal.aborted) throw error;
        recorder.tally('retried');
        return ask(other, turn, signal);
      });
      const answer = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode}: ${answer.slice(0, 200)}`);
      recorder.succeeded(performance.now() - startMs - answerMs);
    } catch (error) {
      recorder.failed(error);
    }
  }
}

const ask = (pool: Pool, turn: object, signal: AbortSignal): ReturnType<Pool['request']> =>
  pool.request({
    method: 'POST',
    path: '/chats/turns',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(turn),
    signal,
  });
