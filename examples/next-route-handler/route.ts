// app/api/ducks/route.ts of a Next.js application: the file as it is. Next calls these with a Request and sends the Response.
import { versionEtag } from '@corral/etag';
import { conditional } from '@corral/etag/web';
import { createTtlCache } from '@corral/ttl-cache';
import { latestRevision, listDucks, saveDuck } from './ducks.ts';

// One for the process, not one for each hot reload.
const shared = globalThis as { ducks?: ReturnType<typeof createDucks> };
const createDucks = () => createTtlCache<string[]>({ ttlMs: 30_000, staleIfErrorMs: 600_000 });
const ducks = (shared.ducks ??= createDucks());

export const dynamic = 'force-dynamic';

export async function GET(request: Request): Promise<Response> {
  const current = { etag: versionEtag(await latestRevision()) };
  const headers = { 'cache-control': 'public, max-age=0, must-revalidate' };
  // A 304 costs the revision alone: neither the list nor its JSON is made.
  return conditional(request, async () => Response.json(await ducks.getOrLoad('all', listDucks)), { current, headers });
}

export async function POST(request: Request): Promise<Response> {
  await saveDuck(await request.text());
  ducks.delete('all');
  return new Response(null, { status: 201 });
}
