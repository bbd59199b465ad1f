import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { rateLimitPlugin } from '@corral/rate-limit/fastify';
import type { FastifyInstance } from 'fastify';
import type { Queryable } from '../../../db/statements.ts';
import type { Parts } from './parts.ts';

/** A device that is connected, and the session that it opened. */
export interface Session {
  appId: number;
  deviceId: string;
}

export interface Sessions {
  /** Open now, and the most that were open at once. */
  readonly open: number;
  readonly most: number;
}

export interface TurnSettings {
  /** How long the language model takes, milliseconds. */
  answerMs: number;
  /** Where the device of a turn delivers the result of its tool. */
  resultUrl(): string;
}

/** Longer than any pause between two turns: the connection is the session. Milliseconds. */
const connectionLifeMs = 3_600_000;
/** The longest that a turn may take, milliseconds. */
const turnTimeoutMs = 60_000;

/** `POST /sessions` opens the session of a connection, `POST /turns` is one turn of its chat. */
export function addTurnRoutes(app: FastifyInstance, parts: Parts, settings: TurnSettings): Sessions {
  const open = new Map<Socket, Session>();
  let most = 0;
  app.server.keepAliveTimeout = connectionLifeMs;

  app.post<{ Body: Session }>('/sessions', ({ body, socket }) => {
    if (!open.has(socket)) socket.once('close', () => open.delete(socket));
    open.set(socket, body);
    most = Math.max(most, open.size);
    return { open: open.size };
  });

  app.register(async (limited) => {
    const { limiter } = parts.limit;
    await limited.register(rateLimitPlugin, { limiter, key: ({ headers }) => String(headers['x-sdk-token']) });
    limited.get('/sdk/models', () => ({ models: ['large', 'small'] }));
    limited.post<{ Body: { fail?: boolean } }>('/turns', async ({ socket, body }, reply) => {
      const session = open.get(socket);
      if (session === undefined) return reply.code(409).send({ error: 'open a session first' });
      try {
        return await takeTurn(parts, session, settings, body?.fail === true);
      } catch (error) {
        if (parts.logsFailures) parts.journal.warn(`turn of app ${session.appId} failed: ${(error as Error).message}`);
        return reply.code(503).send({ error: 'the turn failed' });
      }
    });
  });

  app.post<{ Body: { replyTo: string; id: string; result: string } }>('/tool-results', async ({ body }) => {
    await parts.tools.deliver(body.replyTo, body.id, body.result);
    return { delivered: true };
  });

  return {
    get open() {
      return open.size;
    },
    get most() {
      return most;
    },
  };
}

/** One turn: find the session, ask the knowledge base and the language model, wait for the tool, bill, and write. */
async function takeTurn(
  parts: Parts,
  { appId, deviceId }: Session,
  { answerMs, resultUrl }: TurnSettings,
  fail: boolean,
): Promise<{ tool: string; tokens: number }> {
  const { pool, db, upstreams, tools, organisations } = parts;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(turnTimeoutMs)]);
  const turn = async (on: Queryable): Promise<{ tool: string; tokens: number }> => {
    const [session] = await db.run<{ id: number }>('FindActiveSession', [appId, deviceId], on);
    if (session === undefined) throw new Error('no active session');
    await upstreams.search(deviceId);
    const id = randomUUID();
    const { replyTo, result } = await tools.expect(id, signal);
    const tool = { id, replyTo, resultUrl: resultUrl() };
    const { tokens } = await upstreams.complete({ apiKey: `key-${appId % 5}`, answerMs, tool, fail });
    const answer = await result;
    const orgId = await organisations.of(appId, on);
    await db.run('InsertUsage', [appId, orgId, tokens], on);
    await db.run('TouchSession', [session.id], on);
    return { tool: answer, tokens };
  };
  try {
    return await (parts.holdsConnection ? pool.use(turn) : turn(pool));
  } finally {
    over.abort(); // a turn that failed does not wait for its tool
  }
}
