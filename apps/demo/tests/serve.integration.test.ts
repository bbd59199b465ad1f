import { rmSync } from 'node:fs';
import { processTree } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { demoFolder, isRunning, serverFolders, startDemo, type DemoCommand } from './support/demo-command.ts';
import { control } from './support/page.ts';

let folder: string;
beforeEach(() => {
  folder = demoFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Waits for the printed URL and takes the token from the page, as a browser does. */
async function openPage({ child }: DemoCommand): Promise<{ url: string; token: string }> {
  let printed = '';
  child.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const found = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
  await until(() => found() !== undefined, { timeoutMs: 30_000, label: 'the URL is printed' });
  const url = found()!;
  const html = await (await fetch(url)).text();
  return { url, token: /name="corral-token" content="([^"]+)"/.exec(html)![1]! };
}

it('leaves no process, port or folder behind when it is interrupted in the middle of a run', async () => {
  const demo = startDemo(folder, []);
  const page = await openPage(demo);
  const started = await control(page, 'run', { scenario: 'config-cache', size: 'fast', replicas: 2 });
  expect(started.status).toBe(202);
  const metrics = async (): Promise<string> => (await fetch(`${page.url}/metrics`)).text();
  await until(async () => (await metrics()).includes('corral_pool_queries_total'), {
    timeoutMs: 60_000,
    label: 'replicas are under load',
  });
  const tree = processTree(demo.child.pid!);
  expect(tree.length).toBeGreaterThan(4);

  demo.child.kill('SIGINT');

  expect((await demo.finished).code).toBe(0);
  await until(() => serverFolders(folder).length === 0, { label: 'the servers have gone' });
  await until(() => !tree.some(isRunning), { label: 'every process has ended' });
  await expect(fetch(page.url)).rejects.toThrow('fetch failed');
}, 120_000);
