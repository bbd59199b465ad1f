import { until } from '@corral-internal/test-kit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../dashboard/snapshot.ts';
import { endChildren } from '../src/run/child.ts';
import type { RunResult } from '../src/run/result.ts';
import { openStage } from '../src/run/stage.ts';
import { configCache } from '../src/scenarios/config-cache/index.ts';
import { startPageServer, type PageServer } from '../src/server/server.ts';
import { startBrowser } from './support/browser.ts';
import { defaultOptions } from '../src/scenarios/scenario.ts';

/** The page over the real thing: Postgres, three replicas, the load process. Few chats, so that a busy machine bears it. */
let browser: Browser;
let server: PageServer;
let page: Page;

beforeAll(async () => {
  browser = await startBrowser();
  await serve(4);
}, 300_000);
afterAll(async () => {
  await browser.close();
  await server.close();
}, 60_000);

/** Opens a page whose chats have so many turns. */
async function serve(turns: number): Promise<void> {
  server = await startPageServer({
    scenarios: [configCache],
    defaults: { ...defaultOptions, chats: 40, turns },
    openStage: () => openStage(),
    endChildren,
  });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(server.url);
}

const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
const replicaRows = (): Promise<string[]> => page.locator('#replicas tbody tr').allTextContents();
const isOffered = (id: string): Promise<boolean> =>
  page.locator(`#switches button[data-id=${id}][aria-disabled=false]`).isVisible();

/** The last sum of calls that the page's own source of events has. */
async function totalOfEvents(): Promise<number> {
  const stop = new AbortController();
  const { body } = await fetch(`${server.url}/events`, { signal: stop.signal });
  let text = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const data = /^event: snapshot\ndata: (.*)\n\n/m.exec(text)?.[1];
    if (data === undefined) continue;
    stop.abort();
    const { calls } = (JSON.parse(data) as Snapshot).scenarios[0]!.phases[0]!.points.at(-1)!;
    return Object.values(calls).reduce((sum, each) => sum + each, 0);
  }
  throw new Error('no snapshot came');
}

async function run(phases: string): Promise<void> {
  await page.getByLabel(phases, { exact: true }).check();
  await press('Run');
}

describe('config-cache on the page', () => {
  it('shows in the tile what Postgres counted, and what JSON and metrics say', { timeout: 120_000 }, async () => {
    await page.getByLabel('fast', { exact: true }).check();
    await run('before');
    // Some 2 s on a machine that does nothing else.
    await page
      .locator('#charts figure:first-child svg[role=img] .line.before')
      .waitFor({ state: 'attached', timeout: 20_000 });
    await until(async () => (await page.textContent('#status')) !== '', {
      timeoutMs: 90_000,
      label: 'the run has ended',
    });

    const result = (await (await fetch(`${server.url}/result.json`)).json()) as RunResult;
    const { counts } = result.scenarios[0]!.phases[0]!;
    const total = Object.values(counts).reduce((sum, { server }) => sum + server, 0);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(total).toBe(40 * 4 * 4);
    expect(await totalOfEvents()).toBe(total);
    expect(await page.textContent('#tile-before')).toBe(total.toLocaleString('en'));
    expect(metrics).toContain('statement="GetEnabledChatProviders"} 320');
  });

  it('shows how an edit reaches every replica, with and without listeners', { timeout: 120_000 }, async () => {
    await server.close();
    await serve(10); // long enough for all that is broken below
    await page.getByLabel('default', { exact: true }).check();
    await run('after');
    await until(() => isOffered('drop-listener'), { timeoutMs: 60_000, label: 'the switches work' });
    const seen = (revision: number): Promise<void> =>
      until(async () => (await replicaRows()).filter((row) => row.includes(`revision ${revision}`)).length === 3, {
        timeoutMs: 20_000,
        label: `three replicas see revision ${revision}`,
      });

    await press('Edit a setting');
    await seen(1);
    await page.getByText(/^revision 1 seen by 3 replicas after/).waitFor();
    await press('Drop the listeners');
    await page.getByText(/^3 listening connections ended/).waitFor();
    await press('Edit a setting');
    await seen(2);

    await press('Edit with psql');
    await seen(3);

    expect(await page.locator('#charts .flag').allTextContents()).toEqual(
      expect.arrayContaining([
        'edit to revision 1',
        '3 listeners dropped',
        'edit to revision 2',
        'psql edits to revision 3',
      ]),
    );
  });

  it('shows that Postgres was killed, and that nobody got an error', async () => {
    await press('Kill the broker');
    await page.getByText(/^Postgres killed, and back after \d+ ms$/).waitFor();

    expect(await page.locator('#charts .flag').allTextContents()).toContain('Postgres back');
    expect(await page.textContent('#honesty')).not.toContain('failed');
  });

  it('shows a killed replica going down and coming back, and serves the statistics of the others', async () => {
    await press('Kill a replica');
    await until(async () => (await replicaRows()).some((row) => row.includes('killed')), {
      label: 'a replica is down',
    });
    await page.getByText(/^replica \d killed, and back after/).waitFor({ timeout: 45_000 });
    await until(async () => (await replicaRows()).every((row) => !row.includes('killed')), { label: 'all are up' });
    expect(await page.locator('#charts .flag').allTextContents()).toContain('replica 2 back');

    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
      /corral_cache_loads_total\{replica="0",part="providers"\} [1-9]/,
    );
  });

  it('draws the line while it runs, and ends when it is stopped', async () => {
    const line = (phase: string) => page.locator(`#charts figure:first-child svg[role=img] .line.${phase}`);
    expect(await line('after').count()).toBe(1);

    await press('Stop');
    await server.runner.idle;

    await until(async () => (await page.textContent('#status')) === 'stopped', { label: 'the page says so' });
  });
});
