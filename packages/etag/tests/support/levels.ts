import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { createRepresentation, evaluatePreconditions, isEntityTag, type Representation } from '../../src/index.ts';
import { etagPlugin } from '../../src/fastify.ts';
import { checkPreconditions, sendRepresentation } from '../../src/node.ts';
import { conditional, representationToResponse } from '../../src/web.ts';
import { rawRequest } from './raw-http.ts';
import { currentOf, type Observed, plainBody, plainStatus, type Vector } from './vectors.ts';

/** A way to use the package. `run` gives `undefined` for a case that this way cannot express. */
export interface Level {
  name: string;
  run(vector: Vector): Promise<Observed | undefined>;
  close(): Promise<void>;
}

const safe = (method: string): boolean => ['GET', 'HEAD', 'QUERY'].includes(method);
const success = (vector: Vector): boolean => plainStatus(vector) < 300;
const maxHeaderSize = 4 * 1024 * 1024;

/** The fields of the answer without conditions. */
function plainHeaders({ resource }: Vector): Record<string, string> {
  const { etag, lastModified, headers } = resource;
  return {
    'content-type': 'text/plain',
    ...headers,
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
  };
}

/** Answers in part where the request asks for it and the preconditions let it. */
function content(
  vector: Vector,
  headers: Record<string, string | string[] | undefined>,
): { status: number; body: string } {
  const plain = plainStatus(vector);
  if (vector.method === 'OPTIONS') return { status: plain, body: '' };
  const outcome = evaluatePreconditions(vector.method, headers, currentOf(vector));
  const partial = headers.range !== undefined && outcome.status === 'proceed' && outcome.range === 'honour';
  return partial && plain === 200 ? { status: 206, body: plainBody.slice(0, 4) } : { status: plain, body: plainBody };
}

export function pureLevel(): Level {
  return {
    name: 'pure',
    run: (vector) => {
      if (!success(vector)) return Promise.resolve({ status: plainStatus(vector), performed: false });
      const outcome = evaluatePreconditions(vector.method, vector.requestHeaders, currentOf(vector));
      const goesOn = outcome.status === 'proceed';
      const status = goesOn ? content(vector, vector.requestHeaders).status : outcome.status;
      return Promise.resolve({ status, performed: goesOn && !safe(vector.method) });
    },
    close: () => Promise.resolve(),
  };
}

/** The fetch API: `conditional` with the response, and for unsafe methods with `current` before the work. */
export function webLevel(how: 'conditional' | 'representation'): Level {
  return {
    name: `web ${how}`,
    run: async (vector) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(vector.requestHeaders)) {
        for (const line of [value].flat()) headers.append(name, line);
      }
      const request = new Request('http://test/', { method: vector.method, headers });
      const representation = how === 'representation' ? await representationOf(vector) : undefined;
      if (how === 'representation') {
        return representation && observedResponse(representationToResponse(request, representation));
      }
      let performed = false;
      const answer = (): Response => {
        performed = !safe(vector.method);
        const { status, body } = content(vector, Object.fromEntries(headers));
        return new Response(status === 204 ? null : body, { status, headers: plainHeaders(vector) });
      };
      const judged = success(vector) && !safe(vector.method) ? { current: currentOf(vector) } : {};
      const response = await conditional(request, answer, judged);
      return { ...(await observedResponse(response)), performed };
    },
    close: () => Promise.resolve(),
  };
}

async function observedResponse(response: Response): Promise<Observed> {
  const { status, headers } = response;
  return { status, headers: Object.fromEntries(headers), body: await response.text() };
}

/** What `sendRepresentation` can express: a GET, HEAD or QUERY of something that exists and has a tag. */
async function representationOf(vector: Vector): Promise<Representation | undefined> {
  const { resource, method } = vector;
  const { etag, lastModified, headers } = resource;
  if (!safe(method) || !success(vector) || !isEntityTag(etag) || /[^ -~]/.test(etag)) return undefined;
  return createRepresentation(plainBody, { etag, lastModified, ...(headers !== undefined && { headers }) });
}

export async function nodeLevel(how: 'check' | 'representation'): Promise<Level> {
  let active: { vector: Vector; performed: boolean } | undefined;
  const server = createServer({ maxHeaderSize }, (req, res) => {
    const { vector } = active!;
    const answer = async (): Promise<void> => {
      const representation = how === 'representation' ? await representationOf(vector) : undefined;
      if (representation !== undefined) return void sendRepresentation(req, res, representation);
      for (const [name, value] of Object.entries(plainHeaders(vector))) res.setHeader(name, value);
      res.statusCode = plainStatus(vector);
      if (checkPreconditions(req, res, currentOf(vector))) return;
      active!.performed = !safe(vector.method);
      const { status, body } = content(vector, req.headers);
      res.statusCode = status;
      res.end(body);
    };
    answer().catch((error: unknown) => res.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    name: `node:http ${how}`,
    run: async (vector) => {
      if (how === 'representation' && (await representationOf(vector)) === undefined) return undefined;
      active = { vector, performed: false };
      const answer = await rawRequest(port, vector.method, '/', vector.requestHeaders);
      return { ...answer, performed: active.performed };
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** `check`: the handler asks; `version`: the route's config answers before it; `headers`: onSend decides after it. */
export async function fastifyLevel(how: 'check' | 'version' | 'headers' | 'representation'): Promise<Level> {
  let active: { vector: Vector; performed: boolean } | undefined;
  const app = Fastify({ http: { maxHeaderSize } });
  if (!app.supportedMethods.includes('QUERY')) app.addHttpMethod('QUERY', { hasBody: true });
  await app.register(etagPlugin);
  const describe = (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    reply.code(plainStatus(active!.vector)).headers(plainHeaders(active!.vector));
    done();
  };
  const version = () => (success(active!.vector) ? currentOf(active!.vector) : undefined);
  app.route({
    method: ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'],
    url: '/',
    preHandler: describe,
    config: how === 'version' ? { etag: { version } } : {},
    handler: async (request, reply) => {
      const { vector } = active!;
      if (how === 'check' && reply.checkPreconditions(currentOf(vector))) return reply;
      const representation = how === 'representation' ? await representationOf(vector) : undefined;
      if (representation !== undefined) return reply.sendRepresentation(representation);
      active!.performed = !safe(vector.method);
      const { status, body } = content(vector, request.headers);
      return reply.code(status).send(body);
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return {
    name: `Fastify ${how}`,
    run: async (vector) => {
      if (how === 'representation' && (await representationOf(vector)) === undefined) return undefined;
      if (how === 'headers' && !safe(vector.method)) return undefined;
      active = { vector, performed: false };
      const answer = await rawRequest(port, vector.method, '/', vector.requestHeaders);
      return { ...answer, performed: active.performed };
    },
    close: () => app.close(),
  };
}
