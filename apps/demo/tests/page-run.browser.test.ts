import { startProxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { describe, expect } from 'vitest';
import { startStubServer } from './support/page.ts';
import { it, openPage, useBrowser } from './support/stub-page.ts';
import { playPhase, pointAt, stubResult } from './support/stub-scenario.ts';

const shared = useBrowser();

describe('a run on the page', () => {
  it('shows the first point as soon as it is measured', async ({ at }) => {
    const run = await at.pressRun('both');
    run.reporter.sample({ kind: 'phase-started', name: 'before', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(250, 100) });
    run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(500, 200) });

    await at.expectText('#tile-before', '200');
    expect(await at.lines('before').count()).toBe(1);
  });

  it('keeps both lines and the axis when one phase runs after the other', async ({ at }) => {
    await at.runWhole('before', { before: 1_000 });
    const axis = await at.axisLabels();

    await at.runWhole('after', { after: 7 });

    expect([await at.lines('before').count(), await at.lines('after').count()]).toEqual([1, 1]);
    expect(await at.axisLabels()).toEqual(axis);
    expect([await at.textOf('#tile-before'), await at.textOf('#tile-after'), await at.textOf('#tile-saved')]).toEqual([
      '1,000',
      '7',
      '99.3 %',
    ]);
  });

  it('shows the same total in the tile, in the table, in the JSON and in the metrics', async ({ at }) => {
    await at.runWhole('both', { before: 1_000, after: 7 });
    const json = (await (await fetch(`${at.server.url}/result.json`)).json()) as { scenarios: { rows: object[] }[] };
    const metrics = await (await fetch(`${at.server.url}/metrics`)).text();

    expect(await at.textOf('#tile-after')).toBe('7');
    expect(await at.page.locator('#rows tbody td:nth-of-type(2)').textContent()).toBe('7');
    expect(json.scenarios[0]?.rows[0]).toMatchObject({ after: 7 });
    expect(metrics).toContain('phase="after",statement="GetThing"} 7');
  });

  it('marks what was broken on purpose, and says what came of it', async ({ at }) => {
    const run = await at.pressRun('after');
    run.reporter.sample({ kind: 'phase-started', name: 'after', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(250, 1) });
    run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(500, 2) });
    run.reporter.offer({
      break: async () => {
        run.reporter.sample({ kind: 'event', label: 'something broken' });
        return 'broken and mended';
      },
    });

    await at.page.locator('#switches button[aria-disabled=false]').click();

    await at.expectText('#message', 'broken and mended');
    expect(await at.page.locator('#charts .flag').allTextContents()).toEqual(['something broken']);
  });

  it('says what is missing and how to get it when a scenario cannot run', async ({ at }) => {
    const run = await at.pressRun('both');
    run.fail(new Error('no Redis here: apt-get install redis-server'));

    await at.expectText('#status', 'no Redis here: apt-get install redis-server');
    expect(await at.page.getByRole('button', { name: 'Run' }).isEnabled()).toBe(true);
  });

  it('shows what was skipped for want of Redis, and the command that provides it', async ({ at }) => {
    const missing = 'the lease over all processes: No Redis: not on PATH. Run "sudo apt-get install redis-server"';
    const [row, ...others] = stubResult().rows;
    const lease = { ...row!, name: 'GetThing with the lease', after: undefined, skipped: 'no Redis' };
    const run = await at.pressRun('both');
    playPhase(run, 'before', 1_000);
    playPhase(run, 'after', 7);
    run.finish({ ...stubResult(), rows: [row!, lease, ...others], skipped: [missing] });

    await at.page.getByText('SKIPPED (no Redis)').waitFor();
    await at.page
      .locator('#checks li')
      .filter({ hasText: `SKIPPED ${missing}` })
      .waitFor();
    expect(await at.textOf('#status')).toBe(`Reproduced: every bound and every check holds. Skipped here: ${missing}`);
  });

  it('stops when asked, and can run again', async ({ at }) => {
    await at.pressRun('both');
    await at.page.getByRole('button', { name: 'Stop' }).click();
    await at.expectText('#status', 'stopped');

    await at.runWhole('both', { before: 10, after: 1 });

    expect(await at.textOf('#tile-saved')).toBe('90.0 %');
  });
});

describe('the connection', () => {
  it('says that it is cut, comes back by itself, and shows no point twice', async ({ at }) => {
    const proxy = await startProxy({ port: Number(new URL(at.server.url).port) });
    await at.page.context().close();
    at.page = await openPage(shared.browser, `http://127.0.0.1:${proxy.port}`);
    const run = await at.pressRun('before');
    run.reporter.sample({ kind: 'phase-started', name: 'before', plannedMs: 2_000, offered: 9, countedBy: 'Postgres' });
    for (const calls of [1, 2, 3, 4]) {
      run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(calls * 250, calls) });
    }
    await at.expectText('#tile-before', '4');

    await proxy.refuse();
    await at.page.getByRole('alert').filter({ hasText: 'connection to the demo is lost' }).waitFor();
    run.reporter.sample({ kind: 'point', phase: 'before', point: pointAt(1_250, 5) });
    await proxy.heal();

    await at.expectText('#tile-before', '5');
    await at.page.getByRole('alert').waitFor({ state: 'hidden' });
    const path = await at.lines('before').getAttribute('d');
    expect(path?.match(/[ML]/g)).toHaveLength(4); // five points, four rates between them
    await proxy.close();
  });

  it('takes up with a server that was started again, and its new token', async ({ at }) => {
    const port = Number(new URL(at.server.url).port);
    await at.server.close();
    await at.page.getByRole('alert').filter({ hasText: 'lost' }).waitFor();
    at.server = await startStubServer(port);
    await at.page.getByText('live', { exact: true }).waitFor();
    await until(async () => (await at.page.getAttribute('meta[name=corral-token]', 'content')) === at.server.token, {
      label: 'the page has the new token',
    });

    await at.runWhole('both', { before: 10, after: 1 });

    expect(await at.textOf('#tile-saved')).toBe('90.0 %');
  });

  it('draws nothing in a tab that nobody sees, and all of it when it comes back', async ({ at }) => {
    const hide = (isHidden: boolean): Promise<void> =>
      at.page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    const other = await openPage(shared.browser, at.server.url);
    await hide(true);
    const started = at.server.stub.next();
    await other.getByRole('button', { name: 'Run' }).click();
    playPhase(await started, 'before', 1_000);

    await until(async () => (await other.textContent('#tile-before')) === '1,000', { label: 'the other tab draws' });
    expect(await at.textOf('#tile-before')).toBe('–');

    await hide(false);
    await at.expectText('#tile-before', '1,000');
    await other.context().close();
  });
});
