// `npm run budget`: what each package weighs beside its closest peers. Writes docs/budget.json and the table in README.md.
//
// Each one is installed alone in an empty folder, without the drivers that it takes from its user (peer dependencies):
// the bytes in node_modules, the packages that came along, and its main door bundled, minified and gzipped.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readmeWithBudget } from '../docs/site/budget-table.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
// The bundler that tsup brings along.
const { build } = createRequire(createRequire(join(root, 'package.json')).resolve('tsup'))('esbuild');

/** The peers that the READMEs compare with, those that do most nearly the same first. */
const compared = {
  singleflight: { peers: ['p-memoize@9.0.0', 'async-cache-dedupe@3.4.0'] },
  'ttl-cache': { peers: ['lru-cache@11.5.3', 'bentocache@1.6.1', 'cacheable@2.5.0'] },
  etag: { peers: ['@fastify/etag@6.2.0', 'fresh@2.0.0'] },
  'rate-limit': { peers: ['rate-limiter-flexible@11.4.0', '@fastify/rate-limit@11.2.0'] },
  'pubsub-invalidate': { peers: ['@boringnode/bus@0.9.2', 'pg-listen@1.7.0'] },
  'db-pool': { peers: ['pg-pool@3.14.0'] },
};

const npm = (folder, ...args) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });

/** Installs `specifiers` in an empty folder and weighs what `name` brought. */
async function weigh(name, specifiers) {
  const folder = mkdtempSync(join(tmpdir(), 'corral-budget-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    npm(folder, 'install', '--legacy-peer-deps', '--ignore-scripts', ...specifiers);
    const modules = join(folder, 'node_modules');
    const files = readdirSync(modules, { recursive: true }).filter((file) => !/^\.(bin|package-lock)/.test(file));
    const sizes = files.map((file) => statSync(join(modules, file))).filter((stat) => stat.isFile());
    const manifests = files.filter((file) => /^(.*node_modules\/)?(@[^/]+\/)?[^/]+\/package\.json$/.test(file));
    const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    return {
      name,
      version,
      installKb: Math.round(sizes.reduce((sum, { size }) => sum + size, 0) / 1_000),
      gzipKb: await bundledKb(folder, name),
      dependencies: manifests.length - 1,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kilobytes of everything that the main door exports, with all it imports but Node and what is not installed. */
async function bundledKb(folder, name) {
  const absent = {
    name: 'absent',
    setup: (bundle) => {
      bundle.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...options }) => {
        if (pluginData === absent) return undefined;
        const found = await bundle.resolve(path, { ...options, pluginData: absent });
        return found.errors.length > 0 ? { path, external: true } : found;
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: `import * as all from '${name}'; globalThis.all = all;`, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
    plugins: [absent],
  });
  return Math.round(gzipSync(outputFiles[0].contents).length / 100) / 10;
}

execFileSync('turbo', ['run', 'build', '--output-logs=errors-only'], { cwd: root, stdio: 'inherit' });
const tarballs = mkdtempSync(join(tmpdir(), 'corral-budget-own-'));
try {
  for (const name of Object.keys(compared)) {
    execFileSync('pnpm', ['pack', '--pack-destination', tarballs], { cwd: join(root, 'packages', name) });
  }
  const tarballOf = (name) =>
    join(
      tarballs,
      readdirSync(tarballs).find((file) => new RegExp(`^corral-${name}-\\d`).test(file)),
    );

  const rows = [];
  for (const [name, { peers }] of Object.entries(compared)) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
    const needed = Object.keys(manifest.dependencies ?? {}).map((dependency) => tarballOf(dependency.split('/')[1]));
    const own = await weigh(`@corral/${name}`, [tarballOf(name), ...needed]);
    const weighed = [];
    for (const peer of peers) weighed.push(await weigh(peer.slice(0, peer.lastIndexOf('@')), [peer]));
    rows.push({ own, peers: weighed });
    for (const each of [own, ...weighed]) {
      console.log(
        `${each.name}@${each.version}: installed ${each.installKb} kB, min+gzip ${each.gzipKb} kB, dependencies ${each.dependencies}`,
      );
    }
  }
  const budget = { date: new Date().toISOString().slice(0, 10), rows };
  writeFileSync(join(root, 'docs/budget.json'), `${JSON.stringify(budget, null, 2)}\n`);
  const readme = join(root, 'README.md');
  writeFileSync(readme, readmeWithBudget(readFileSync(readme, 'utf8'), budget));
} finally {
  rmSync(tarballs, { recursive: true, force: true });
}
