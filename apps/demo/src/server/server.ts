import { randomBytes, randomUUID } from 'node:crypto';
import { createRepresentation } from '@corral/etag';
import { etagPlugin } from '@corral/etag/fastify';
import fastify, { type FastifyInstance } from 'fastify';
import { renderReport } from '../report/report.ts';
import { describeRun } from '../run/describe-run.ts';
import type { Stage } from '../run/stage.ts';
import type { RunOptions, Scenario } from '../scenarios/scenario.ts';
import { loadAssets, pageHtml } from './assets.ts';
import { addControl } from './control.ts';
import { addEvents } from './events.ts';
import { refusalOf } from './guard.ts';
import { initialSnapshot } from './initial-snapshot.ts';
import { createLiveStore } from './live-store.ts';
import { renderMetrics } from './metrics.ts';
import { createRunner, type Runner } from './runner.ts';

export interface PageServer {
  readonly url: string;
  readonly token: string;
  readonly runner: Runner;
  /** Stops the run, if there is one, and ends every connection. */
  close(): Promise<void>;
}

export interface PageServerOptions {
  scenarios: readonly Scenario[];
  /** Default: a free one. */
  port?: number;
  /** What the page does not choose. */
  defaults: RunOptions;
  openStage(): Promise<Stage>;
  /** Ends the processes of a run that is stopped. */
  endChildren(reason: Error): Promise<void>;
}

const security = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Serves the page on 127.0.0.1: nobody outside this machine reaches it. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { scenarios, defaults, port = 0 } = options;
  const token = randomBytes(24).toString('base64url');
  const store = createLiveStore(initialSnapshot(scenarios, defaults, randomUUID()));
  const runner = createRunner({ store, openStage: options.openStage, endChildren: options.endChildren });
  const app = fastify({ forceCloseConnections: true, bodyLimit: 10_000 });

  app.addHook('onRequest', async (request, reply) => {
    const refusal = refusalOf(request.method, request.headers, token);
    if (refusal !== undefined) await reply.code(403).send({ message: refusal });
    else void reply.headers(security);
  });
  await app.register(etagPlugin, { auto: false });
  await addPage(app, token);
  addEvents(app, store);
  addControl(app, scenarios, defaults, runner);
  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await renderMetrics(await runner.stats(), store.snapshot);
    return reply.type(contentType).send(text);
  });
  const result = (): ReturnType<typeof describeRun> => describeRun(defaults.seed, runner.servers(), runner.results());
  app.get('/result.json', (_request, reply) => reply.header('cache-control', 'no-store').send(result()));
  app.get('/report.html', (_request, reply) =>
    reply
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
      .type('text/html; charset=utf-8')
      .send(renderReport(result(), store.snapshot.scenarios)),
  );

  const url = await app.listen({ host: '127.0.0.1', port });
  return {
    url,
    token,
    runner,
    close: async () => {
      await runner.stop('the server closes');
      store.close();
      await app.close();
    },
  };
}

async function addPage(app: FastifyInstance, token: string): Promise<void> {
  const assets = await loadAssets();
  const page = await createRepresentation(pageHtml(token), {
    contentType: 'text/html; charset=utf-8',
    cacheControl: { noStore: true },
    encodings: ['gzip'],
  });
  app.get('/', (_request, reply) => reply.sendRepresentation(page));
  app.get<{ Params: { name: string } }>('/dashboard/:name', (request, reply) => {
    const asset = assets.get(request.params.name);
    return asset === undefined ? reply.code(404).send({ message: 'not found' }) : reply.sendRepresentation(asset);
  });
}
