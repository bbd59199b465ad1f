import { defineConfig, type ViteUserConfig } from 'vitest/config';

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

export default defineConfig({
  test: {
    reporters: ['default', './tools/count-reporter.mjs'],
    setupFiles: ['./tools/vitest-seed.ts'],
    projects: [
      { ...source, test: { name: 'unit', include: unitTests, testTimeout: 30_000, sequence: { groupOrder: 0 } } },
      {
        ...source,
        test: {
          name: 'integration',
          include: ['{packages,internal,apps}/*/tests/**/*.integration.test.ts', 'tests/**/*.integration.test.ts'],
          globalSetup: ['./internal/test-kit/src/servers/vitest-servers.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // These mostly wait for time-outs, restarts and silence, so two share a core; they run apart from the others.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          include: ['{packages,apps}/*/tests/**/*.browser.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], reporter: ['text-summary', 'json-summary'] },
  },
});
