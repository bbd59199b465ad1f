import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Runs a program that uses the cache, and waits for its end: a timer that holds the process makes this time out. */
async function output(program: string): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    [
      '--conditions=@corral/source',
      '--input-type=module',
      '-e',
      `import { createTtlCache } from '@corral/ttl-cache'; ${program}`,
    ],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), timeout: 50_000 },
  );
  return stdout.trim();
}

describe('a process with a cache that nobody closed', () => {
  it('ends by itself, with entries held and the clock ticking', async () => {
    const program = `
      const cache = createTtlCache({ ttlMs: 3_600_000 });
      for (let key = 0; key < 10_000; key++) cache.set(key, key);
      console.log(cache.size);`;
    expect(await output(program)).toBe('10000');
  });

  it('ends by itself while a reload hangs in the background', async () => {
    const program = `
      const cache = createTtlCache({ ttlMs: 1, staleWhileRevalidateMs: 1e6, loadTimeoutMs: 1e9 });
      cache.set('a', 'old');
      await new Promise((resolve) => setTimeout(resolve, 10));
      console.log(await cache.getOrLoad('a', () => new Promise(() => {})));`;
    expect(await output(program)).toBe('old');
  });

  it('waits for the deadline of a load that hangs, and not for one that was met', async () => {
    const program = `
      const cache = createTtlCache({ ttlMs: 1_000, loadTimeoutMs: 50 });
      await cache.getOrLoad('a', () => 'x');
      await cache.getOrLoad('b', () => new Promise(() => {})).catch((error) => console.log(error.code));
      const slow = createTtlCache({ ttlMs: 1_000, loadTimeoutMs: 1e9 });
      for (const key of ['a', 'b']) console.log(await slow.getOrLoad(key, () => key));`;
    expect(await output(program)).toBe('ERR_LOAD_TIMEOUT\na\nb');
  });

  it('ends by itself while a tier is away', async () => {
    const program = `
      const away = () => Promise.reject(new Error('away'));
      const cache = createTtlCache({ ttlMs: 1_000, tier: { get: away, set: away, delete: away, clear: away } });
      cache.delete('a');
      console.log(await cache.getOrLoad('a', () => 'x'));`;
    expect(await output(program)).toBe('x');
  });

  it('dies of no unhandled rejection when nobody looks at failing loads', async () => {
    const program = `
      const cache = createTtlCache({ ttlMs: 1_000, staleIfErrorMs: 1_000, clone: 'structured' });
      const failing = () => Promise.reject(new Error('down'));
      cache.getOrLoad('a', failing);
      cache.getOrLoad('a', failing, { signal: AbortSignal.timeout(1) });
      cache.refresh('b', failing);
      cache.getOrLoad('c', failing, { signal: AbortSignal.abort() });
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log('alive');`;
    expect(await output(program)).toBe('alive');
  });
});
