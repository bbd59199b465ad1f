/** The model check with many more runs than CI has: thousands of interleavings, losses, partitions and restarts. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { report } from '@corral-internal/bench-kit';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 5_000);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const figures = ['interleavings', 'replicas'].map((name) => {
  const file = `packages/pubsub-invalidate/src/${name}.property.test.ts`;
  const { status } = spawnSync('node', ['tools/run.mjs', 'vitest', 'run', '--project', 'unit', file], {
    cwd: root,
    env: { ...process.env, MODEL_RUNS: String(RUNS) },
    stdio: 'inherit',
  });
  const found = status === 0 ? 'none' : 'see above';
  return { name: `${name}: violations in ${RUNS} runs a property`, value: found, bound: 'none', ok: status === 0 };
});
report(import.meta.url, [], { file: 'MODEL.md', figures });
