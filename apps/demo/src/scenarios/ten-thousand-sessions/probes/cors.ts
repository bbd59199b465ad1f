import { request } from 'undici';
import type { Part } from '../part.ts';

const origin = 'https://customer.example';

interface Cors {
  read: string | undefined;
  preflight: string | undefined;
}

/** The operator's setting is `["*"]`; a browser on a customer's page asks. */
export const corsOfAnyOrigin: Part<Cors> = {
  name: 'CORS',
  look: async ({ workers: { ports } }) => {
    const allowed = async (method: 'GET' | 'OPTIONS', headers: Record<string, string>): Promise<string | undefined> => {
      const url = `http://127.0.0.1:${ports[0]}/sdk/models`;
      const answer = await request(url, { method, headers: { origin, 'x-sdk-token': 'browser', ...headers } });
      await answer.body.dump();
      return answer.headers['access-control-allow-origin'] as string | undefined;
    };
    return {
      read: await allowed('GET', {}),
      preflight: await allowed('OPTIONS', { 'access-control-request-method': 'POST' }),
    };
  },
  check: ({ before, after }) =>
    after && {
      name: 'CORS ["*"] lets any origin pass',
      ok: passes(after.read) && passes(after.preflight) && !passes(before?.read),
      detail: `access-control-allow-origin for ${origin}: ${before === undefined ? '' : `before ${before.read ?? 'none'}, preflight ${before.preflight ?? 'none'}; `}after ${after.read ?? 'none'}, preflight ${after.preflight ?? 'none'}`,
    },
};

const passes = (allowed: string | undefined): boolean => allowed === '*' || allowed === origin;
