import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * Kilobytes (1,000 bytes): the core, minified and gzipped without what it depends on; what `npm install` of this package
 * alone puts into node_modules; and how many packages come along.
 */
const budgets = {
  singleflight: { coreKb: 2.2, installKb: 50, dependencies: 0 },
  'ttl-cache': { coreKb: 10.1, installKb: 330, dependencies: 1 },
  etag: { coreKb: 8, installKb: 210, dependencies: 0 },
  'rate-limit': { coreKb: 12, installKb: 290, dependencies: 0 },
  'pubsub-invalidate': { coreKb: 17, installKb: 350, dependencies: 0 },
  'db-pool': { coreKb: 17, installKb: 300, dependencies: 0 },
};

/** What of a built package is over its budget, as far as can be told without installing it: one line, or nothing. */
export function coreProblem(root, name) {
  const budget = budgets[name];
  if (budget === undefined) return `@corral/${name} has no budget in tools/release-dry/budgets.mjs`;
  const coreKb = coreSize(root, name);
  return coreKb <= budget.coreKb
    ? undefined
    : `the core has ${coreKb.toFixed(2)} kB min+gzip, its budget is ${budget.coreKb}: make it smaller, or change tools/release-dry/budgets.mjs`;
}

/** What a package weighs, and whether it may: `weight` is what an install brought. */
export function checkBudget(root, { name }, weight) {
  const budget = budgets[name];
  if (budget === undefined) return { ok: false, line: coreProblem(root, name) };
  const coreKb = coreSize(root, name);
  const { installKb, dependencies } = weight;
  return {
    ok: coreKb <= budget.coreKb && installKb <= budget.installKb && dependencies <= budget.dependencies,
    line:
      `core ${coreKb.toFixed(1)} kB min+gzip (<= ${budget.coreKb}), ` +
      `installed ${installKb.toFixed(0)} kB (<= ${budget.installKb}), dependencies ${dependencies} (<= ${budget.dependencies})`,
  };
}

/** Kilobytes of the core as a bundler would deliver it. */
function coreSize(root, name) {
  // The bundler that tsup brings along.
  const require = createRequire(createRequire(join(root, 'package.json')).resolve('tsup'));
  const { outputFiles } = require('esbuild').buildSync({
    entryPoints: [join(root, 'packages', name, 'dist/index.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    external: ['@corral/*', 'pg'],
  });
  return gzipSync(outputFiles[0].contents).length / 1_000;
}
