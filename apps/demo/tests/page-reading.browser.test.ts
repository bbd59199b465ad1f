import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { it, useBrowser } from './support/stub-page.ts';
import { playPhase, pointAt, stubResult } from './support/stub-scenario.ts';

const shared = useBrowser();

describe('reading the page', () => {
  it('can be used with the keyboard alone: choose, run, read a point, copy the code, switch', async ({ at }) => {
    const focused = (): Promise<string> =>
      at.page.evaluate("document.activeElement?.ariaLabel ?? document.activeElement?.textContent ?? ''");
    const tabTo = async (label: string | RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await at.page.keyboard.press('Tab');
        if ((await focused()).match(label) !== null) return;
      }
      throw new Error(`Tab never came to ${label}`);
    };
    const started = at.server.stub.next();
    await at.page.getByRole('radio', { name: 'both' }).focus();
    await at.page.keyboard.press('ArrowRight');
    await at.page.keyboard.press('ArrowLeft');
    await tabTo(/^Run$/);
    await at.page.keyboard.press('Enter');
    const run = await started;
    expect(run.options).toMatchObject({ before: true, after: true });
    playPhase(run, 'before', 1_000);
    playPhase(run, 'after', 7);
    run.finish(stubResult());
    await at.page.getByText('Reproduced: every bound').waitFor();

    await tabTo(/^Read a point: Database calls/);
    for (let press = 0; press < 4; press++) await at.page.keyboard.press('ArrowRight');
    const reading = at.page.locator('.reading').first();
    expect(await reading.textContent()).toBe('1 s: before 500, after 4 calls/s');
    expect(await at.page.evaluate("document.activeElement?.getAttribute('aria-valuetext')")).toBe(
      await reading.textContent(),
    );

    await tabTo(/^Copy the code after/);
    await at.page.keyboard.press('Enter');
    await at.page.getByText('Copied').waitFor();
    expect(await at.page.evaluate('navigator.clipboard.readText()')).toMatch(/^export function cachedConfig\(/);

    await tabTo(/^other$/);
    await at.page.keyboard.press('Enter');
    await at.expectText('#title', 'The other scenario');
  });

  it('goes to another scenario by its link, and keeps the place in the address', async ({ at }) => {
    await at.page.getByRole('link', { name: 'other' }).click();
    await at.expectText('#title', 'The other scenario');
    await at.page.reload();

    await at.expectText('#title', 'The other scenario');
    expect(new URL(at.page.url()).hash).toBe('#other');
  });

  it('offers the options and switches that a scenario has, and no others', async ({ at }) => {
    const shown = async (): Promise<boolean[]> => [
      await at.page.getByRole('spinbutton', { name: 'Replicas' }).isVisible(),
      await at.page.getByRole('spinbutton', { name: 'Users' }).isVisible(),
      await at.page.getByRole('button', { name: 'Break something' }).isVisible(),
      await at.page.getByRole('heading', { name: 'Break it' }).isVisible(),
    ];
    expect(await shown()).toEqual([true, false, true, true]);

    await at.page.getByRole('link', { name: 'other' }).click();
    await at.expectText('#title', 'The other scenario');

    expect(await shown()).toEqual([true, false, false, false]);
  });

  it('gives the chart as a table, and on a logarithmic axis', async ({ at }) => {
    await at.runWhole('both', { before: 1_000, after: 7 });
    await at.page.getByRole('button', { name: 'As a table: Database calls' }).click();
    await at.page.getByRole('button', { name: 'Log axis: Database calls' }).click();

    expect(await at.page.locator('#charts figure:first-child table tbody tr').count()).toBe(2);
    expect(await at.axisLabels()).toEqual(expect.arrayContaining(['1', '10', '100', '1,000']));
  });

  it('moves nothing when reduced motion is wished', async ({ at }) => {
    const duration = (): Promise<unknown> =>
      at.page.evaluate("getComputedStyle(document.querySelector('#run')).transitionDuration");
    expect(await duration()).not.toBe('0s');

    await at.page.emulateMedia({ reducedMotion: 'reduce' });

    expect(await duration()).toBe('0s');
  });

  it('has no axe violation, light, dark, in forced colours and on 320 pixels, before a run and after it', async ({
    at: { page, ...at },
  }) => {
    const looks = [
      ['light', { colorScheme: 'light', forcedColors: 'none' }, 1280],
      ['dark', { colorScheme: 'dark', forcedColors: 'none' }, 1280],
      ['forced colours', { colorScheme: 'light', forcedColors: 'active' }, 1280],
      ['320 pixels', { colorScheme: 'light', forcedColors: 'none' }, 320],
    ] as const;
    const idle = await axeViolations(page);
    const run = await at.pressRun('both');
    playPhase(run, 'before', 1_000);
    run.reporter.sample({ kind: 'replicas', replicas: [{ index: 0, pid: 1, state: 'restarting' }] });
    playPhase(run, 'after', 7);
    run.finish(stubResult());
    await page.getByText('Reproduced: every bound').waitFor();

    const found: string[] = [...idle];
    for (const [name, media, width] of looks) {
      await page.emulateMedia(media);
      await page.setViewportSize({ width, height: 800 });
      found.push(...(await axeViolations(page)).map((violation) => `${name}: ${violation}`));
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
    expect(found).toEqual([]);
  });
});

interface AxeResult {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

async function axeViolations(on: Page): Promise<string[]> {
  const session = await on.context().newCDPSession(on);
  await session.send('Page.setBypassCSP', { enabled: true });
  await on.evaluate(axe.source);
  const { violations } = await on.evaluate<AxeResult>('axe.run()');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

describe('what the page costs', () => {
  it('asks nobody but 127.0.0.1, in at most 25 kB, without an error', async ({ at }) => {
    await at.page.context().close();
    const context = await shared.browser.newContext();
    at.page = await context.newPage();
    const problems: string[] = [];
    at.page.on('pageerror', (error) => problems.push(error.message));
    at.page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    const hosts = new Set<string>();
    at.page.on('request', (request) => hosts.add(new URL(request.url()).host));
    await at.page.goto(at.server.url);
    await at.page.getByText('live', { exact: true }).waitFor();
    const bodies = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]";
    const bytes = await at.page.evaluate(`${bodies}.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);

    expect([...hosts].filter((host) => host !== '' && host !== new URL(at.server.url).host)).toEqual([]);
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThanOrEqual(25_000);
    expect(problems).toEqual([]);
  });

  it('takes less than a tenth of the main thread while it draws four times a second', async ({ at }) => {
    const run = await at.pressRun('both');
    playPhase(run, 'before', 1_000, 240);
    run.reporter.sample({ kind: 'phase-started', name: 'after', plannedMs: 60_000, offered: 9, countedBy: 'Postgres' });
    for (let look = 1; look <= 200; look++) {
      run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(look * 250, look) });
    }
    await at.expectText('#tile-after', '200');
    const session = await at.page.context().newCDPSession(at.page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1_000;
    };
    const before = await busy();
    const startMs = performance.now();
    let looks = 200;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        looks++;
        run.reporter.sample({ kind: 'point', phase: 'after', point: pointAt(looks * 250, looks) });
        if (looks < 212) return;
        clearInterval(timer);
        resolve();
      }, 250);
    });
    await at.expectText('#tile-after', '212');
    const share = ((await busy()) - before) / (performance.now() - startMs);

    expect(share).toBeLessThan(0.1);
  });
});
