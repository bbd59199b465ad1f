import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processTree } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunResult } from '../src/run/result.ts';
import { believable, demoFolder, isRunning, serverFolders, startDemo } from './support/demo-command.ts';

const tiny = ['--chats', '12', '--turns', '3', '--fast', '--replicas', '2'];
let folder: string;

beforeAll(() => void (folder = demoFolder()));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('reproduces the story on a small load, with counts by Postgres, and writes the JSON where it was typed', async () => {
  const args = ['run', 'config-cache', ...tiny, '--json', 'result.json'];
  const { code, stdout, stderr } = await believable(() => startDemo(folder, args));

  expect({ code, stderr: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, stderr: '' });
  const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as RunResult;
  expect(result).toMatchObject({
    schemaVersion: 1,
    seed: 1,
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    versions: { node: process.versions.node, postgres: expect.any(String), '@corral/ttl-cache': expect.any(String) },
    host: { cores: expect.any(Number) },
    scenarios: [{ id: 'config-cache', status: 'reproduced', configuration: { chats: 12, replicas: 2 }, skipped: [] }],
  });
  const [scenario] = result.scenarios;
  expect(scenario!.countedBy).toBe('pg_stat_statements');
  expect(scenario!.rows.map(({ before }) => before)).toEqual([72, 36, 36]);
  for (const { after, bound } of scenario!.rows) expect(after).toBeLessThanOrEqual(bound);
  expect(scenario!.checks.filter(({ ok }) => !ok)).toEqual([]);
  for (const { counts, latencyMs, validity } of scenario!.phases) {
    expect(counts['GetEnabledChatProviders']!.server).toBe(counts['GetEnabledChatProviders']!.wrapper);
    expect(latencyMs).toMatchObject({ p50: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) });
    expect(validity).toMatchObject({ ok: true, achievedRate: 1 });
  }
  expect(serverFolders(folder)).toEqual([]);
}, 180_000);

it('leaves no process and no folder behind when it is interrupted, and runs again after that', async () => {
  const first = startDemo(folder, ['run', 'config-cache', ...tiny, '--before']);
  let printed = '';
  first.child.stderr!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until(() => printed.includes('before:'), { timeoutMs: 60_000, label: 'the load runs' });
  const tree = processTree(first.child.pid!);
  expect(tree.length).toBeGreaterThan(3);

  first.child.kill('SIGINT');

  expect((await first.finished).code).toBe(130);
  await until(() => serverFolders(folder).length === 0, { label: 'the servers have gone' });
  expect(tree.filter(isRunning)).toEqual([]);
  const second = await startDemo(folder, ['run', 'config-cache', ...tiny, '--turns', '1', '--before']).finished;
  expect(second).toMatchObject({ code: 0 });
}, 180_000);
