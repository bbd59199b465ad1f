import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultOptions, type RunOptions } from '../scenarios/scenario.ts';

/** What the command line asks for. */
export type Command =
  | { name: 'help' }
  | { name: 'doctor'; redisUrl?: string }
  | { name: 'serve'; options: RunOptions; port?: number; redisUrl?: string }
  | { name: 'compare'; files: [string, string] }
  | { name: 'plan'; scenarios: string[]; options: RunOptions }
  | { name: 'run'; scenarios: string[]; options: RunOptions; json?: string; html?: string; redisUrl?: string };

/** The command line cannot be carried out; the message names the argument and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `usage: npm run demo -- [command] [options]

  (no command)          serves the page, on which every scenario can be run, at a URL of this machine
  run <scenario|all>    runs scenarios before and after, and prints the figures
  plan <scenario|all>   says what would run, and which bounds it has to keep
  compare A B           prints the figures of two results (--json) side by side
  doctor                says what is here, and which command provides what is missing

options of the page
  --port N              the page's port (default: a free one)
  --seed, --bus, --redis-url as below

options of run and plan
  --before, --after     only this phase (default: both)
  --load-only           leaves out what is tried after the loads
  --fast | --full       smaller load | the source's own load
  --bus postgres|redis  what carries invalidations (default postgres)
  --replicas N          processes of the app (default 3)
  --users N             config-cache: chats are spread over N users (default 1)
  --chats N             config-cache: how many chats (default 500, --full 5000)
  --turns N             config-cache: turns of each chat (default 10)
  --seed N              the same seed gives the same load (default 1)
  --redis-url URL       a Redis to use instead of starting one
  --json FILE           writes the result there
  --html FILE           writes a report there: one file with charts, for the browser, for mail or on paper

environment
  DATABASE_URL          a Postgres to use instead of starting one (needs pg_stat_statements to be the judge)
  REDIS_URL             as --redis-url
  CORRAL_DEMO_BREAK     guard or store: breaks the cache of config-cache on purpose, to see the run say so

exit codes: 0 reproduced, 1 a bound or an invariant is broken, 2 the run is invalid (overloaded machine),
3 something is missing and the output says which command provides it, 64 wrong usage, 130 interrupted`;

const flags = {
  before: { type: 'boolean' },
  after: { type: 'boolean' },
  fast: { type: 'boolean' },
  full: { type: 'boolean' },
  'load-only': { type: 'boolean' },
  bus: { type: 'string' },
  replicas: { type: 'string' },
  users: { type: 'string' },
  chats: { type: 'string' },
  turns: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'string' },
  html: { type: 'string' },
  port: { type: 'string' },
  'redis-url': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Parses what follows the program's name. Files are relative to `cwd`, the folder in which the command was typed.
 * @throws {UsageError} An argument is unknown, or has a wrong value.
 */
export function parseCommandLine(args: string[], known: readonly string[], cwd: string): Command {
  const { values, positionals } = parse(args);
  const [typed, ...rest] = positionals;
  if (values.help === true || typed === 'help') return { name: 'help' };
  const name = commandOf(typed);
  refuseSuperfluous(name, values, rest);
  const redis = values['redis-url'] === undefined ? {} : { redisUrl: values['redis-url'] };
  if (name === 'doctor') return { name, ...redis };
  if (name === 'compare') return { name, files: twoFiles(rest, cwd) };

  const options = runOptions(values);
  if (name === 'serve') {
    const port = values.port === undefined ? {} : { port: integer('--port', values.port, 0, 0, 65_535) };
    return { name, options, ...port, ...redis };
  }
  const scenarios = scenariosOf(rest, known);
  if (name === 'plan') return { name, scenarios, options };
  return {
    name,
    scenarios,
    options,
    ...(values.json === undefined ? {} : { json: resolve(cwd, values.json) }),
    ...(values.html === undefined ? {} : { html: resolve(cwd, values.html) }),
    ...redis,
  };
}

type Values = ReturnType<typeof parse>['values'];

const loadFlags = [
  'before',
  'after',
  'fast',
  'full',
  'load-only',
  'bus',
  'replicas',
  'users',
  'chats',
  'turns',
  'seed',
];
const runFlags = [...loadFlags, 'redis-url', 'json', 'html'];

/** What each command takes. */
const flagsOf = {
  serve: ['port', 'seed', 'bus', 'redis-url'],
  run: runFlags,
  plan: runFlags,
  compare: [],
  doctor: ['redis-url'],
} satisfies Record<string, string[]>;

type CommandName = keyof typeof flagsOf;

function commandOf(typed: string | undefined): CommandName {
  if (typed === undefined) return 'serve';
  if (Object.hasOwn(flagsOf, typed)) return typed as CommandName;
  throw new UsageError(`command: expected run, plan, compare or doctor, got ${typed}`);
}

/** What would do nothing is a mistake of whoever typed it. */
function refuseSuperfluous(name: CommandName, values: Values, rest: readonly string[]): void {
  const known: readonly string[] = flagsOf[name];
  const foreign = Object.keys(values).filter((flag) => !known.includes(flag));
  const whose = name === 'serve' ? 'the page' : name;
  if (foreign.length > 0) throw new UsageError(`--${foreign.join(', --')}: not an option of ${whose}`);
  if ((name === 'serve' || name === 'doctor') && rest.length > 0) {
    throw new UsageError(`${whose}: expected no further word, got ${rest.join(' ')}`);
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: flags, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function runOptions(values: Values): RunOptions {
  if (values.fast === true && values.full === true) throw new UsageError('--fast and --full exclude each other');
  const both = values.before !== true && values.after !== true;
  const { bus = defaultOptions.bus } = values;
  if (bus !== 'postgres' && bus !== 'redis') throw new UsageError(`--bus: expected postgres or redis, got ${bus}`);
  return {
    before: both || values.before === true,
    after: both || values.after === true,
    size: values.fast === true ? 'fast' : values.full === true ? 'full' : defaultOptions.size,
    seed: integer('--seed', values.seed, defaultOptions.seed, 0, 2 ** 31),
    bus,
    replicas: integer('--replicas', values.replicas, defaultOptions.replicas, 1, 16),
    ...(values['load-only'] === true ? { probes: false } : {}),
    users: integer('--users', values.users, defaultOptions.users, 1, 100_000),
    ...(values.turns === undefined ? {} : { turns: integer('--turns', values.turns, 1, 1, 1_000) }),
    ...(values.chats === undefined ? {} : { chats: integer('--chats', values.chats, 1, 1, 20_000) }),
  };
}

function twoFiles(names: string[], cwd: string): [string, string] {
  const [first, second, ...more] = names.map((name) => resolve(cwd, name));
  if (first === undefined || second === undefined || more.length > 0) {
    throw new UsageError(`compare: expected two files, got ${names.length}`);
  }
  return [first, second];
}

function scenariosOf(names: string[], known: readonly string[]): string[] {
  const wanted = names.length === 0 || names.includes('all') ? [...known] : names;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`scenario: expected one of ${[...known, 'all'].join(', ')}, got ${unknown.join(', ')}`);
  }
  return wanted;
}

function integer(flag: string, text: string | undefined, fallback: number, min: number, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${flag}: expected an integer from ${min} to ${max}, got ${text || 'nothing'}`);
  }
  return value;
}
