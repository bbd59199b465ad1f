import { Pool } from 'undici';
import { evenly, openLoop } from './open-loop.ts';
import type { LoadReport, Recorder } from './recorder.ts';

export interface PollersProfile {
  ports: number[];
  /** Clients that poll in turn; each keeps to one replica, and remembers the last tag of each address. */
  clients: number;
  perSecond: number;
  durationMs: number;
  /** Every `leaderboardEvery`-th request asks for the leaderboard instead. */
  leaderboardEvery: number;
  /** Rows of a page of the leaderboard, for the cursor of each client. */
  pageSize: number;
  pages: number;
  challengesPath: string;
  leaderboardPath: string;
  timeoutMs: number;
  retries: number;
}

/** Clients that poll two endpoints, give up after a while and try again at once. Open loop. */
export async function runPollers(
  profile: PollersProfile,
  record: () => Recorder,
  stop: AbortSignal,
): Promise<LoadReport> {
  const { ports, clients, leaderboardEvery, perSecond, durationMs, timeoutMs, retries } = profile;
  const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: null, pipelining: 1 }));
  const tags = new Map<string, string>();

  const poll = async ({ client, path, kind }: Poll, signal: AbortSignal, recorder: Recorder): Promise<void> => {
    const memory = `${client} ${path}`;
    const known = tags.get(memory);
    const headers = known === undefined ? {} : { 'if-none-match': known };
    const answer = await pools[client % pools.length]!.request({ method: 'GET', path, headers, signal });
    const { byteLength } = await answer.body.arrayBuffer();
    const { statusCode } = answer;
    if (statusCode !== 200 && statusCode !== 304) throw new Error(`${path}: ${statusCode}`);
    const { etag } = answer.headers;
    if (typeof etag === 'string') tags.set(memory, etag);
    recorder.tally(`${kind} bytes`, byteLength);
    if (known !== undefined) recorder.tally(`${kind} conditional`);
    if (statusCode === 304) recorder.tally(`${kind} not modified`);
  };
  try {
    const recorder = record();
    // Every client has asked once before the clock starts: what follows are repeat polls.
    const first = Array.from({ length: clients * leaderboardEvery }, (_, index) => requestOf(profile, index));
    const distinct = new Map(first.map((each) => [`${each.client} ${each.path}`, each]));
    await Promise.all([...distinct.values()].map((each) => poll(each, stop, recorder)));
    const send = (index: number, signal: AbortSignal): Promise<void> =>
      poll(requestOf(profile, index), signal, recorder);
    return await openLoop({ schedule: evenly(perSecond, durationMs), send, timeoutMs, retries }, recorder, stop);
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

export interface Poll {
  client: number;
  path: string;
  kind: 'challenges' | 'leaderboard';
}

/** Who asks for what: both endpoints are polled by all clients in turn. */
export function requestOf(
  profile: Pick<
    PollersProfile,
    'clients' | 'leaderboardEvery' | 'pageSize' | 'pages' | 'challengesPath' | 'leaderboardPath'
  >,
  index: number,
): Poll {
  const { clients, leaderboardEvery, pageSize, pages, challengesPath, leaderboardPath } = profile;
  const turn = Math.floor(index / leaderboardEvery);
  if (index % leaderboardEvery === leaderboardEvery - 1) {
    const client = turn % clients;
    return { client, path: `${leaderboardPath}?cursor=${(client % pages) * pageSize}`, kind: 'leaderboard' };
  }
  return { client: (index - turn) % clients, path: challengesPath, kind: 'challenges' };
}
