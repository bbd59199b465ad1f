import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { startBrowser } from '../../apps/demo/tests/support/browser.ts';
import { exampleOf, promisesOf } from './example.mjs';

/** For cores whose README example needs a server: the same in one page. */
const programs = {
  'rate-limit': `
    import { createRateLimiter } from '@corral/rate-limit';
    const limiter = createRateLimiter({ rules: { limit: 2, windowMs: 60_000 } });
    const decisions = [await limiter.consume('a'), await limiter.consume('a'), await limiter.consume('a')];
    console.log(...decisions.map((decision) => decision.allowed)); // prints: true true false
    await limiter.close();`,
  'pubsub-invalidate': `
    import { createBus, createInvalidator, createMemoryHub, kind, memoryTransport } from '@corral/pubsub-invalidate';
    const hub = createMemoryHub();
    const replicas = await Promise.all([0, 1].map(async () => {
      const bus = createBus({ transport: memoryTransport({ hub }), namespace: 'page' });
      const config = createInvalidator({ bus, topic: 'config', kinds: { user: kind() } });
      const cache = new Map();
      config.bind(cache, { keys: { user: (payload) => [payload.id] } });
      await bus.start();
      return { bus, config, cache };
    }));
    replicas[1].cache.set('7', 'old').set('8', 'kept');
    await replicas[0].config.publish('user', { id: '7' });
    while (replicas[1].cache.has('7')) await new Promise((resolve) => setTimeout(resolve, 1));
    console.log([...replicas[1].cache.keys()].join()); // prints: 8
    await Promise.all(replicas.map(({ bus }) => bus.close()));`,
  // The pool speaks to Postgres and needs Node; its clients by key need nothing.
  'db-pool': `
    import { createKeyed } from '@corral/db-pool/keyed';
    const clients = createKeyed({ key: (input) => input, create: async (input) => ({ input }), dispose() {} });
    console.log(await clients.use('a', (client) => client.input)); // prints: a
    await clients.close();`,
};

const page = (imports) =>
  `<!doctype html><title>corral</title><script type="importmap">${JSON.stringify({ imports })}</script>`;

/** Loads the core from the installed package as an ES module in Chromium, and runs a program on it. */
export async function runInBrowser({ name, readme, manifest }, { folder }) {
  const code = programs[name] ?? exampleOf(readme) ?? '';
  const imports = doorsOf(folder, [manifest.name, ...Object.keys(manifest.dependencies ?? {})]);
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const file = join(folder, path);
    if (path === '/') response.setHeader('content-type', 'text/html').end(page(imports));
    else if (path === '/program.js')
      response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(code));
    else if (path.startsWith('/node_modules/@corral/') && path.endsWith('.js') && existsSync(file)) {
      response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
    } else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await startBrowser();
  try {
    const tab = await browser.newPage();
    const printed = [];
    tab.on('console', (message) => printed.push(message.text()));
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    // Text, so that no tool rewrites the import.
    const failure = await tab.evaluate(
      `import('/program.js').then(() => '', (error) => String(error?.stack ?? error))`,
    );
    const missing = promisesOf(code).filter((promise) => !printed.join('\n').includes(promise));
    const ok = failure === '' && missing.length === 0 && printed.length > 0;
    return { ok, output: `${failure}\nnot printed: ${missing.join(' | ') || '-'}\n${printed.join('\n')}` };
  } finally {
    await browser.close();
    server.close();
  }
}

/** Where a page finds each door of the packages: what a bundler reads from `exports`. */
function doorsOf(folder, packages) {
  const entries = packages.flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'));
    return Object.entries(exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([door, target]) => [`${name}${door.slice(1)}`, `/node_modules/${name}${target.import.default.slice(1)}`]);
  });
  return Object.fromEntries(entries);
}
