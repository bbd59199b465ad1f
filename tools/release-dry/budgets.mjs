import { createRequire } from 'node:module';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Kilobytes: the core, minified and gzipped without what it depends on, and the unpacked package. */
const budgets = {
  singleflight: { coreKb: 4, installKb: 60, dependencies: 0 },
  'ttl-cache': { coreKb: 12, installKb: 300, dependencies: 1 },
  etag: { coreKb: 12, installKb: 250, dependencies: 0 },
  'rate-limit': { coreKb: 14, installKb: 350, dependencies: 0 },
  'pubsub-invalidate': { coreKb: 18, installKb: 400, dependencies: 0 },
  'db-pool': { coreKb: 28, installKb: 400, dependencies: 0 },
};

/** One line for each package: what it weighs, and what it may weigh. */
export function* checkBudgets(root, packages) {
  // The bundler that tsup brings along.
  const require = createRequire(createRequire(join(root, 'package.json')).resolve('tsup'));
  const esbuild = require('esbuild');
  for (const { name, manifest, tarball } of packages) {
    const budget = budgets[name];
    if (budget === undefined) throw new Error(`budgets: ${name} has none`);
    const { outputFiles } = esbuild.buildSync({
      entryPoints: [join(root, 'packages', name, 'dist/index.js')],
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      external: ['@corral/*', 'pg'],
    });
    const coreKb = gzipSync(outputFiles[0].contents).length / 1_000;
    const sizes = execFileSync('tar', ['-tzvf', tarball], { encoding: 'utf8' }).trim().split('\n');
    const installKb = sizes.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2]), 0) / 1_000;
    const dependencies = Object.keys(manifest.dependencies ?? {}).length;
    const ok = coreKb <= budget.coreKb && installKb <= budget.installKb && dependencies <= budget.dependencies;
    yield {
      ok,
      line:
        `@corral/${name}: core ${coreKb.toFixed(1)} kB min+gzip (<= ${budget.coreKb}), ` +
        `unpacked ${installKb.toFixed(0)} kB (<= ${budget.installKb}), dependencies ${dependencies} (<= ${budget.dependencies})`,
    };
  }
}
