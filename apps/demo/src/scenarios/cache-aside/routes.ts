import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { User } from './schema.ts';
import type { Users } from './users.ts';

interface UserRequest {
  Querystring: { userId: string };
}

/** Requests whose user is being looked up now, and how many clients have left while theirs was. */
export interface Lookups {
  waiting: number;
  left: number;
}

/** The OIDC, device and authorisation handlers, behind one middleware that resolves the user of the request. */
export function addUserRoutes(app: FastifyInstance, users: Users): Lookups {
  const lookups: Lookups = { waiting: 0, left: 0 };
  const resolved = new WeakMap<object, User>();

  const resolveUser = async (request: FastifyRequest<UserRequest>, reply: FastifyReply): Promise<unknown> => {
    const { signal, query } = request; // aborts when the client disconnects
    const leave = (): void => void lookups.left++;
    signal.addEventListener('abort', leave);
    lookups.waiting++;
    try {
      const user = await users.byId(Number(query.userId), signal);
      if (user === undefined) return reply.code(401).send({ error: 'no such user' });
      return void resolved.set(request, user);
    } catch (error) {
      if (!signal.aborted) throw error;
      return reply.hijack(); // nobody is there to be answered
    } finally {
      lookups.waiting--;
      signal.removeEventListener('abort', leave);
    }
  };

  const userOf = (request: object): User => resolved.get(request)!;
  const asUser = { preHandler: resolveUser };
  app.get<UserRequest>('/oidc/userinfo', asUser, (request) => ({
    sub: userOf(request).id,
    email: userOf(request).email,
  }));
  app.get<UserRequest>('/device/verify', asUser, (request) => ({ user: userOf(request).name, approved: true }));
  app.get<UserRequest>('/oauth/authorize', asUser, (request) => ({
    user: userOf(request).name,
    admin: userOf(request).is_admin,
  }));
  app.get('/health', () => ({ ok: true }));
  return lookups;
}
