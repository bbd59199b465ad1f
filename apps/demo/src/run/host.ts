import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import type { Host } from './result.ts';

export function describeHost(): Host {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}

/** The commit that runs, with `+` when files differ from it; `unknown` outside a checkout. */
export function describeCommit(): string {
  const cwd = import.meta.dirname;
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

const packageNames = ['singleflight', 'ttl-cache', 'etag', 'rate-limit', 'pubsub-invalidate', 'db-pool'];

/** Versions of what took part: Node, our packages, the servers. */
export function describeVersions(servers: Record<string, string>): Record<string, string> {
  const own = packageNames.map((name) => {
    const path = new URL(`../../../../packages/${name}/package.json`, import.meta.url);
    return [`@corral/${name}`, (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version] as const;
  });
  return { node: process.versions.node, ...servers, ...Object.fromEntries(own) };
}
