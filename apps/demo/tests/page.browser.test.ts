import { createRequire } from 'node:module';
import { startProxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser } from './support/browser.ts';
import { startStubServer } from './support/page.ts';
import { playPhase, pointAt, stubResult, type HeldRun } from './support/stub-scenario.ts';

let browser: Browser;
let server: Awaited<ReturnType<typeof startStubServer>>;
let page: Page;
const problems: string[] = [];

beforeAll(async () => void (browser = await startBrowser()), 300_000);
afterAll(() => browser.close());
beforeEach(async () => {
  server = await startStubServer();
  page = await openPage(server.url);
});
afterEach(async () => {
  await page.context().close();
  await server.close();
  problems.length = 0;
});

async function openPage(url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const opened = await context.newPage();
  opened.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  opened.on('pageerror', (error) => problems.push(error.message));
  await opened.goto(url);
  await opened.getByText('live', { exact: true }).waitFor();
  return opened;
}

const runButton = () => page.getByRole('button', { name: 'Run' });
const textOf = (selector: string): Promise<string | null> => page.textContent(selector);
const showsText = (selector: string, text: string): Promise<void> =>
  until(async () => (await textOf(selector)) === text, { label: `${selector} shows ${text}` });
const lines = (style: string) => page.locator(`#charts figure:first-child svg[role=img] .line.${style}`);
const axisLabels = (): Promise<string[]> =>
  page.locator('#charts figure:first-child svg[role=img] .tick').allTextContents();

/** Presses Run for these phases, and resolves with the run that the test then plays. */
async function pressRun(phases: 'both' | 'before' | 'after'): Promise<HeldRun> {
  await page.getByLabel(phases, { exact: true }).check();
  const started = server.stub.next();
  await runButton().click();
  return started;
}

async function runWhole(phases: 'both' | 'before' | 'after', played: Record<string, number>): Promise<void> {
  const run = await pressRun(phases);
  await showsText('#status', '');
  for (const [name, calls] of Object.entries(played)) playPhase(run, name, calls);
  run.finish(stubResult());
  await server.runner.idle;
  await page.getByText('Reproduced: every bound and every check holds.').waitFor();
}

describe('a run on the page', () => {
  it('shows the first point as soon as it is measured', async () => {
    const run = await pressRun('both');
    run.reporter.sample({ kind: 'phase-started', name: 'before', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(250, 100) });
    run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(500, 200) });

    await showsText('#tile-before', '200');
    expect(await lines('before').count()).toBe(1);
  });

  it('keeps both lines and the axis when one phase runs after the other', async () => {
    await runWhole('before', { before: 1_000 });
    const axis = await axisLabels();

    await runWhole('after', { after: 7 });

    expect([await lines('before').count(), await lines('after').count()]).toEqual([1, 1]);
    expect(await axisLabels()).toEqual(axis);
    expect([await textOf('#tile-before'), await textOf('#tile-after'), await textOf('#tile-saved')]).toEqual([
      '1,000',
      '7',
      '−99.3 %',
    ]);
  });

  it('shows the same total in the tile, in the table, in the JSON and in the metrics', async () => {
    await runWhole('both', { before: 1_000, after: 7 });
    const json = (await (await fetch(`${server.url}/result.json`)).json()) as { scenarios: { rows: object[] }[] };
    const metrics = await (await fetch(`${server.url}/metrics`)).text();

    expect(await textOf('#tile-after')).toBe('7');
    expect(await page.locator('#rows tbody td:nth-of-type(2)').textContent()).toBe('7');
    expect(json.scenarios[0]?.rows[0]).toMatchObject({ after: 7 });
    expect(metrics).toContain('phase="after",statement="GetThing"} 7');
  });

  it('marks what was broken on purpose, and says what came of it', async () => {
    const run = await pressRun('after');
    run.reporter.sample({ kind: 'phase-started', name: 'after', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(250, 1) });
    run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(500, 2) });
    run.reporter.offer({
      break: async () => {
        run.reporter.sample({ kind: 'event', label: 'something broken' });
        return 'broken and mended';
      },
    });

    await page.locator('#switches button[aria-disabled=false]').click();

    await showsText('#message', 'broken and mended');
    expect(await page.locator('#charts .flag').allTextContents()).toEqual(['something broken']);
  });

  it('stops when asked, and can run again', async () => {
    await pressRun('both');
    await page.getByRole('button', { name: 'Stop' }).click();
    await showsText('#status', 'stopped');

    await runWhole('both', { before: 10, after: 1 });
  });
});

describe('the connection', () => {
  it('says that it is cut, comes back by itself, and shows no point twice', async () => {
    const proxy = await startProxy({ port: Number(new URL(server.url).port) });
    await page.context().close();
    page = await openPage(`http://127.0.0.1:${proxy.port}`);
    const run = await pressRun('before');
    run.reporter.sample({ kind: 'phase-started', name: 'before', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    for (let at = 1; at <= 4; at++)
      run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(at * 250, at) });
    await showsText('#tile-before', '4');

    await proxy.refuse();
    await page.getByRole('alert').filter({ hasText: 'connection to the demo is lost' }).waitFor();
    run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(1_250, 5) });
    await proxy.heal();

    await showsText('#tile-before', '5');
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    const path = await lines('before').getAttribute('d');
    expect(path?.match(/[ML]/g)).toHaveLength(4); // five points, four rates between them
    await proxy.close();
  });

  it('takes up with a server that was started again, and its new token', async () => {
    const port = Number(new URL(server.url).port);
    await server.close();
    await page.getByRole('alert').filter({ hasText: 'lost' }).waitFor();
    server = await startStubServer(port);
    await page.getByText('live', { exact: true }).waitFor();
    await until(async () => (await page.getAttribute('meta[name=corral-token]', 'content')) === server.token, {
      label: 'the page has the new token',
    });

    await runWhole('both', { before: 10, after: 1 });
  });

  it('draws nothing in a tab that nobody sees, and all of it when it comes back', async () => {
    const hide = (isHidden: boolean): Promise<void> =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    const other = await openPage(server.url);
    await hide(true);
    const started = server.stub.next();
    await other.getByRole('button', { name: 'Run' }).click();
    playPhase(await started, 'before', 1_000);

    await until(async () => (await other.textContent('#tile-before')) === '1,000', { label: 'the other tab draws' });
    expect(await textOf('#tile-before')).toBe('–');

    await hide(false);
    await showsText('#tile-before', '1,000');
    await other.context().close();
  });
});

describe('reading the page', () => {
  it('can be used with the keyboard alone: run, choose, read a point, copy the code', async () => {
    const focused = (): Promise<string> =>
      page.evaluate("document.activeElement?.ariaLabel ?? document.activeElement?.textContent ?? ''");
    const tabTo = async (label: string | RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        if ((await focused()).match(label) !== null) return;
      }
      throw new Error(`Tab never came to ${label}`);
    };
    const started = server.stub.next();
    await tabTo(/^Run$/);
    await page.keyboard.press('Enter');
    const run = await started;
    playPhase(run, 'before', 1_000);
    playPhase(run, 'after', 7);
    run.finish(stubResult());
    await page.getByText('Reproduced: every bound').waitFor();

    await tabTo(/^Read a point: Database calls/);
    for (let press = 0; press < 4; press++) await page.keyboard.press('ArrowRight');
    const reading = page.locator('.reading').first();
    expect(await reading.textContent()).toBe('1 s: before 500, after 4 calls/s');
    expect(await page.evaluate("document.activeElement?.getAttribute('aria-valuetext')")).toBe(
      await reading.textContent(),
    );

    await tabTo(/^Copy the code after/);
    await page.keyboard.press('Enter');
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^export function cachedConfig\(/);
  });

  it('goes to another scenario by its link, and keeps the place in the address', async () => {
    await page.getByRole('link', { name: 'other' }).click();
    await showsText('#title', 'The other scenario');
    await page.reload();

    await showsText('#title', 'The other scenario');
  });

  it('gives the chart as a table, and on a logarithmic axis', async () => {
    await runWhole('both', { before: 1_000, after: 7 });
    await page.getByRole('button', { name: 'As a table: Database calls' }).click();
    await page.getByRole('button', { name: 'Log axis: Database calls' }).click();

    expect(await page.locator('#charts figure:first-child table tbody tr').count()).toBe(2);
    expect(await axisLabels()).toEqual(expect.arrayContaining(['1', '10', '100', '1,000']));
  });

  it('moves nothing when reduced motion is wished', async () => {
    const duration = (): Promise<unknown> =>
      page.evaluate("getComputedStyle(document.querySelector('#run')).transitionDuration");
    expect(await duration()).not.toBe('0s');

    await page.emulateMedia({ reducedMotion: 'reduce' });

    expect(await duration()).toBe('0s');
  });

  it.each([
    ['light', { colorScheme: 'light' }, 1280],
    ['dark', { colorScheme: 'dark' }, 1280],
    ['forced colours', { forcedColors: 'active' }, 1280],
    ['320 pixels', { colorScheme: 'light' }, 320],
  ] as const)('has no axe violation: %s', async (_, media, width) => {
    await page.emulateMedia(media);
    await page.setViewportSize({ width, height: 800 });
    const idle = await axeViolations(page);
    const run = await pressRun('both');
    playPhase(run, 'before', 1_000);
    run.reporter.sample({ kind: 'replicas', replicas: [{ index: 0, pid: 1, state: 'restarting' }] });
    playPhase(run, 'after', 7);
    run.finish(stubResult());
    await page.getByText('Reproduced: every bound').waitFor();

    expect([...idle, ...(await axeViolations(page))]).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });
});

async function axeViolations(on: Page): Promise<string[]> {
  const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  const session = await on.context().newCDPSession(on);
  await session.send('Page.setBypassCSP', { enabled: true });
  await on.evaluate(await (await import('node:fs/promises')).readFile(source, 'utf8'));
  const { violations } = (await on.evaluate('axe.run()')) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

describe('what the page costs', () => {
  it('asks nobody but 127.0.0.1, in at most 25 kB, without an error', async () => {
    await page.context().close();
    const context = await browser.newContext();
    page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await page.goto(server.url);
    await page.getByText('live', { exact: true }).waitFor();
    const bodies = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]";
    const bytes = await page.evaluate(`${bodies}.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);

    expect([...hosts].filter((host) => host !== '' && host !== new URL(server.url).host)).toEqual([]);
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThanOrEqual(25_000);
    expect(problems).toEqual([]);
  });

  it('takes less than a tenth of the main thread while it draws four times a second', async () => {
    const run = await pressRun('both');
    for (const name of ['before', 'after']) playPhase(run, name, 1_000, 240);
    run.reporter.sample({ kind: 'phase-started', name: 'after', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1_000;
    };
    const before = await busy();
    const startMs = performance.now();
    let looks = 0;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        looks++;
        run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(looks * 250, looks) });
        if (looks < 12) return;
        clearInterval(timer);
        resolve();
      }, 250);
    });
    await showsText('#tile-after', '12');
    const share = ((await busy()) - before) / (performance.now() - startMs);

    expect(share).toBeLessThan(0.1);
  });
});
