import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'undici';
import { evenly, openLoop } from './open-loop.ts';
import type { LoadReport, Recorder } from './recorder.ts';

export interface SessionsProfile {
  ports: number[];
  /** Held open all the time, each over a connection of its own. */
  sessions: number;
  /** Session n belongs to device n of app n % apps. */
  apps: number;
  /** Turns, over all sessions. */
  perSecond: number;
  durationMs: number;
}

/** So many connections are opened at a time: a connect storm is another story. */
const openingAtOnce = 64;
/** What opening them left behind is cleared away before the clock starts. Milliseconds. */
const restMs = 1_000;
/** Spreads the turns over the sessions: neighbours in time are far apart in the list. */
const stride = 7_919;

/** Which session has its turn. */
export const sessionOf = (turn: number, sessions: number): number => (turn * stride) % sessions;

/** Every app has sessions at every worker. */
export const portOf = (number: number, { apps, ports }: Pick<SessionsProfile, 'apps' | 'ports'>): number =>
  Math.floor(number / apps) % ports.length;

/** Every session connects and stays; then turns in an open loop, each over the connection of its own session. */
export async function runSessions(
  profile: SessionsProfile,
  record: () => Recorder,
  stop: AbortSignal,
): Promise<LoadReport> {
  const { ports, sessions, apps, perSecond, durationMs } = profile;
  const clients: Client[] = [];
  let lost = 0;
  const open = async (): Promise<void> => {
    while (clients.length < sessions && !stop.aborted) {
      const number = clients.length + 1;
      const client = connect(ports[portOf(number, profile)]!);
      clients.push(client);
      await post(client, '/sessions', number, { appId: number % apps, deviceId: `device-${number}` }, stop);
      client.on('disconnect', () => lost++);
    }
  };
  try {
    await Promise.all(Array.from({ length: openingAtOnce }, open));
    await delay(restMs, undefined, { signal: stop });
    const recorder = record();
    const send = (turn: number, signal: AbortSignal): Promise<void> => {
      const session = sessionOf(turn, sessions);
      return post(clients[session]!, '/turns', session + 1, {}, signal);
    };
    const report = await openLoop({ schedule: evenly(perSecond, durationMs), send }, recorder, stop);
    return { ...report, tallies: { ...report.tallies, 'sessions held': clients.length - lost } };
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

/** One connection that outlives the pauses between turns. */
const connect = (port: number): Client =>
  new Client(`http://127.0.0.1:${port}`, {
    keepAliveTimeout: 3_600_000,
    keepAliveMaxTimeout: 3_600_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });

async function post(client: Client, path: string, session: number, body: object, signal: AbortSignal): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-sdk-token': `token-${session}` };
  const answer = await client.request({ method: 'POST', path, headers, body: JSON.stringify(body), signal });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
}
