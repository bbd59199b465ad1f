import { until } from '@corral-internal/test-kit';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { startBrowser } from './browser.ts';
import { startStubServer } from './page.ts';
import { playPhase, stubResult, type HeldRun } from './stub-scenario.ts';

type Phases = 'both' | 'before' | 'after';

/** A page open in Chromium over a stub, and what tests do with it. Server and page may be replaced. */
export interface StubPage {
  server: Awaited<ReturnType<typeof startStubServer>>;
  page: Page;
  textOf(selector: string): Promise<string | null>;
  expectText(selector: string, text: string): Promise<void>;
  /** The lines of that style in the first chart. */
  lines(style: string): Locator;
  axisLabels(): Promise<string[]>;
  /** Presses Run for these phases, and resolves with the run that the test then plays. */
  pressRun(phases: Phases): Promise<HeldRun>;
  /** A run from the press of the button to the verdict; each phase ends with so many calls. */
  runWhole(phases: Phases, played: Record<string, number>): Promise<void>;
  close(): Promise<void>;
}

async function openStubPage(browser: Browser): Promise<StubPage> {
  const server = await startStubServer();
  const at: StubPage = {
    server,
    page: await openPage(browser, server.url),
    textOf: (selector) => at.page.textContent(selector),
    expectText: (selector, text) =>
      until(async () => (await at.textOf(selector)) === text, { label: `${selector} shows ${text}` }),
    lines: (style) => at.page.locator(`#charts figure:first-child svg[role=img] .line.${style}`),
    axisLabels: () => at.page.locator('#charts figure:first-child svg[role=img] .tick').allTextContents(),
    pressRun: async (phases) => {
      await at.page.getByLabel(phases, { exact: true }).check();
      const started = at.server.stub.next();
      await at.page.getByRole('button', { name: 'Run' }).click();
      return started;
    },
    runWhole: async (phases, played) => {
      const run = await at.pressRun(phases);
      await at.expectText('#status', '');
      for (const [name, calls] of Object.entries(played)) playPhase(run, name, calls);
      run.finish(stubResult());
      await at.server.runner.idle;
      await at.page.getByText('Reproduced: every bound and every check holds.').waitFor();
    },
    close: async () => {
      await at.page.context().close();
      await at.server.close();
    },
  };
  return at;
}

let browser: Browser;

/** One browser for the file: call it once, at the top. */
export function useBrowser(): { readonly browser: Browser } {
  beforeAll(async () => void (browser = await startBrowser()), 300_000);
  afterAll(() => browser.close());
  return {
    get browser() {
      return browser;
    },
  };
}

/** A test with a page of its own, so that tests can run beside each other. */
export const it = test.extend<{ at: StubPage }>({
  // oxlint-disable-next-line no-empty-pattern -- the pattern says which fixtures this one needs: none
  at: async ({}, use) => {
    const at = await openStubPage(browser);
    await use(at);
    await at.close();
  },
});

/** Opens the page, and resolves when it has its first snapshot. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  return page;
}
