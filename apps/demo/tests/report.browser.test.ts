import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRecording } from '../src/report/recording.ts';
import { renderReport } from '../src/report/report.ts';
import { describeRun } from '../src/run/describe-run.ts';
import { startBrowser } from './support/browser.ts';
import { defaultOptions } from '../src/scenarios/scenario.ts';
import { createStubScenario, endedPhase, playPhase, stubResult, type HeldRun } from './support/stub-scenario.ts';

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await startBrowser();
  folder = mkdtempSync(join(tmpdir(), 'corral-report-'));
}, 300_000);
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Writes a report of one scenario, as `demo run --html` does. */
function writeReport(): string {
  const { scenario } = createStubScenario();
  const recording = createRecording([scenario], defaultOptions);
  const run = { reporter: recording.reporterOf(scenario, { progress: () => {} }) } as unknown as HeldRun;
  playPhase(run, 'before', 1_000, 60);
  playPhase(run, 'after', 7, 60);
  const result = stubResult('stub', [endedPhase('before', 1_000), endedPhase('after', 7)]);
  const file = join(folder, 'report.html');
  writeFileSync(file, renderReport(describeRun(1, { postgres: '18.0' }, [result]), recording.views()));
  return pathToFileURL(file).href;
}

it('opens from the file system without JavaScript, and asks nobody for anything', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  const page = await context.newPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const url = writeReport();
  await page.goto(url);

  expect(requests).toEqual([url]);
  expect(await page.locator('svg[role=img] .line.before').count()).toBeGreaterThan(0);
  expect(await page.locator('svg[role=img]').first().boundingBox()).toMatchObject({ width: expect.any(Number) });
  expect(await page.locator('table.rows tbody tr').count()).toBe(1);
  await context.close();
});

it.each(['light', 'dark'] as const)('has no axe violation: %s', async (colorScheme) => {
  const page = await browser.newPage({ colorScheme });
  await page.goto(writeReport());
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ violations: { id: string }[] }>('axe.run()');

  expect(violations.map(({ id }) => id)).toEqual([]);
  await page.close();
});

it('prints a scenario on two pages', async () => {
  const page = await browser.newPage();
  await page.goto(writeReport());
  const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });

  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g);
  expect(pages?.length).toBeGreaterThan(0);
  expect(pages!.length).toBeLessThanOrEqual(2);
  await page.close();
});
