import { globSync, readFileSync } from 'node:fs';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { LongFirst } from './tools/long-first.ts';

/** Workspace packages resolve to their sources, so that no build comes before a test. */
const source = {
  resolve: { conditions: ['@corral/source'] },
  ssr: { resolve: { conditions: ['@corral/source'] } },
} satisfies ViteUserConfig;

const unitTests = [
  '{packages,internal}/*/src/**/*.test.ts',
  'apps/*/{src,load,dashboard}/**/*.test.ts',
  'tools/**/*.test.ts',
  'docs/tests/**/*.test.ts',
];

const unit = { testTimeout: 30_000, sequence: { groupOrder: 0 } };
/**
 * Unit tests share a process, which takes half of the time. Files that look at what a process has only one of (timers, globals,
 * unhandled rejections) have one of their own.
 */
const oneForAll = /useFakeTimers|stubGlobal|spyOn|getTimerCount|process\.on\(|gc\(/;
const alone = globSync(unitTests).filter((file) => oneForAll.test(readFileSync(file, 'utf8')));
const unitProjects = [
  { ...source, test: { ...unit, name: 'unit', include: unitTests, exclude: alone, isolate: false } },
  { ...source, test: { ...unit, name: 'unit-alone', include: alone } },
];

export default defineConfig({
  test: {
    reporters: ['default', './tools/count-reporter.mjs'],
    setupFiles: ['./tools/vitest-seed.ts'],
    sequence: { sequencer: LongFirst },
    projects: [
      ...unitProjects,
      {
        ...source,
        test: {
          name: 'integration',
          include: ['{packages,internal}/*/tests/**/*.integration.test.ts', 'tests/**/*.integration.test.ts'],
          globalSetup: ['./internal/test-kit/src/servers/vitest-servers.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // These mostly wait for time-outs, restarts and silence, so two share a core; they run apart from the others.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...source,
        test: {
          // Each of these starts servers, replicas and a load of its own, and refuses to count a load that came late.
          name: 'demo',
          include: ['apps/*/tests/**/*.integration.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          include: ['{packages,apps}/*/tests/**/*.browser.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], reporter: ['text-summary', 'json-summary'] },
  },
});
