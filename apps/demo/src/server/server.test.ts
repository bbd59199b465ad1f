import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../dashboard/snapshot.ts';
import { control, startStubServer } from '../../tests/support/page.ts';
import { playPhase, stubResult, stubStage } from '../../tests/support/stub-scenario.ts';
import { loadAssets, pageHtml } from './assets.ts';

let server: Awaited<ReturnType<typeof startStubServer>>;
beforeEach(async () => void (server = await startStubServer()));
afterEach(() => server.close());

/** The snapshot that a page gets when it connects now. */
async function snapshotNow(): Promise<Snapshot> {
  const abort = new AbortController();
  const { body } = await fetch(`${server.url}/events`, { signal: abort.signal });
  let text = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const data = /^event: snapshot\ndata: (.*)\n\n/m.exec(text)?.[1];
    if (data === undefined) continue;
    abort.abort();
    return JSON.parse(data) as Snapshot;
  }
  throw new Error(`no snapshot in ${text}`);
}

describe('the page', () => {
  it('weighs at most 25 kB gzipped, all in all', async () => {
    const assets = [...(await loadAssets())].filter(([name]) => name !== 'report.css');
    const bytes = assets.map(([, { encodings, body }]) => encodings[0]?.body.byteLength ?? body.byteLength);
    const total = gzipSync(pageHtml('token')).byteLength + bytes.reduce((sum, each) => sum + each, 0);

    expect(total).toBeLessThanOrEqual(25_000);
  });

  it('sends modules without types, and a 304 to one who has them', async () => {
    const first = await fetch(`${server.url}/dashboard/state.ts`);
    const etag = first.headers.get('etag')!;
    const again = await fetch(`${server.url}/dashboard/state.ts`, { headers: { 'if-none-match': etag } });

    expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await first.text()).not.toMatch(/import type|: Snapshot/);
    expect(again.status).toBe(304);
  });

  it('allows itself nothing from elsewhere', async () => {
    const { headers } = await fetch(server.url);

    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  });

  it('has no file but its own', async () => {
    const statuses = ['/dashboard/..%2Fpackage.json', '/dashboard/tsconfig.json', '/dashboard/state.test.ts'].map(
      async (path) => (await fetch(`${server.url}${path}`)).status,
    );

    expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
  });
});

describe('control', () => {
  it.each([
    ['without a token', { 'x-corral-token': '' }],
    ['with a foreign origin', { origin: 'http://evil.example' }],
  ])('refuses a request %s, and starts nothing', async (_, headers) => {
    const { status } = await control(server, 'run', { scenario: 'stub' }, headers);

    expect(status).toBe(403);
    expect((await snapshotNow()).running).toBeUndefined();
  });

  it('runs a scenario with what was chosen, and refuses a second run meanwhile', async () => {
    const started = server.stub.next();
    const first = await control(server, 'run', { scenario: 'stub', phases: 'after', size: 'fast', replicas: 2 });
    const second = await control(server, 'run', { scenario: 'other' });

    expect([first.status, second.status]).toEqual([202, 409]);
    expect((await started).options).toMatchObject({ before: false, after: true, size: 'fast', replicas: 2 });
  });

  it.each([
    [{ scenario: 'nothing' }, 404],
    [{ scenario: 'stub', replicas: 0 }, 400],
    [{ scenario: 'stub', size: 'full' }, 400],
    [{}, 400],
  ])('refuses %j', async (body, status) => {
    expect((await control(server, 'run', body)).status).toBe(status);
  });

  it('shows a run to whoever connects, and its result in JSON, report and metrics', async () => {
    const started = server.stub.next();
    await control(server, 'run', { scenario: 'stub' });
    const run = await started;
    playPhase(run, 'before', 1_000);
    playPhase(run, 'after', 7);
    run.finish(stubResult());
    await server.runner.idle;

    const { scenarios, running } = await snapshotNow();
    const texts = ['result.json', 'report.html', 'metrics'].map(async (path) =>
      (await fetch(`${server.url}/${path}`)).text(),
    );
    const [json, report, metrics] = await Promise.all(texts);

    expect(running).toBeUndefined();
    expect(scenarios[0]?.phases.map(({ points }) => points.at(-1)?.calls)).toEqual([
      { GetThing: 1_000 },
      { GetThing: 7 },
    ]);
    expect(JSON.parse(json!)).toMatchObject({ schemaVersion: 1, scenarios: [{ id: 'stub', status: 'reproduced' }] });
    expect(report).toContain('The stub scenario');
    expect(metrics).toContain('corral_demo_statement_calls{scenario="stub",phase="before",statement="GetThing"} 1000');
  });

  it('stops a run, and is ready for the next', async () => {
    const started = server.stub.next();
    await control(server, 'run', { scenario: 'stub' });
    await started;

    await control(server, 'stop');
    await server.runner.idle;

    expect((await snapshotNow()).scenarios[0]?.failure).toBe('stopped');
    expect((await control(server, 'run', { scenario: 'other' })).status).toBe(202);
  });

  it('throws a switch that the scenario offers, and no other', async () => {
    const started = server.stub.next();
    await control(server, 'run', { scenario: 'stub' });
    const { reporter } = await started;
    const early = await control(server, 'switch', { id: 'break' });
    reporter.offer({ break: async () => 'broken, and mended after 3 ms' });

    const offered = await control(server, 'switch', { id: 'break' });

    expect([early.status, offered.status]).toEqual([409, 202]);
    expect((await snapshotNow()).scenarios[0]?.messages).toEqual(['broken, and mended after 3 ms']);
  });

  it('survives servers that cannot be closed, and is ready for the next run', async () => {
    const unclosable = async () => ({ ...(await stubStage()), close: () => Promise.reject(new Error('gone')) });
    const own = await startStubServer(0, unclosable);
    const started = own.stub.next();
    await control(own, 'run', { scenario: 'stub' });
    (await started).finish(stubResult());
    await own.runner.idle;

    expect((await control(own, 'run', { scenario: 'other' })).status).toBe(202);
    await own.close();
  });

  it('says why a run failed', async () => {
    const started = server.stub.next();
    await control(server, 'run', { scenario: 'stub' });
    (await started).fail(new Error('no Redis here: npm run demo -- doctor'));
    await server.runner.idle;

    expect((await snapshotNow()).scenarios[0]?.failure).toBe('no Redis here: npm run demo -- doctor');
  });
});

it('sends style sheets compressed to those who can read that', async () => {
  const assets = await loadAssets();
  const style = assets.get('base.css')!;

  expect(gunzipSync(style.encodings[0]!.body).equals(Buffer.from(style.body))).toBe(true);
});
