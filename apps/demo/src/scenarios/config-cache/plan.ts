import type { Plan, RunOptions } from '../scenario.ts';
import { source, type HotStatement } from './source.ts';

export interface Load {
  chats: number;
  turns: number;
  users: number;
  turnMs: number;
  ttlMs: number;
  promptTtlMs: number;
}

/** What the source did: 5,000 chats of 10 turns, TTL 10 s and 5 s; a turn's time is inferred from its "after" figures. */
const full = { chats: 5_000, turns: 10, turnMs: 180_000, ttlMs: 10_000, promptTtlMs: 5_000 };

const loads: Record<RunOptions['size'], Omit<Load, 'users'>> = {
  full,
  default: { chats: 500, turns: 10, turnMs: 2_000, ttlMs: 1_000, promptTtlMs: 500 },
  fast: { chats: 250, turns: 10, turnMs: 1_000, ttlMs: 1_000, promptTtlMs: 500 },
};

export function loadOf({ size, users, chats, turns }: Pick<RunOptions, 'size' | 'users' | 'chats' | 'turns'>): Load {
  const load = loads[size];
  return { ...load, users, chats: chats ?? load.chats, turns: turns ?? load.turns };
}

/** The story's shares hold down to a twentieth of its load; a handful of chats has less to save. */
export const isStorySized = ({ chats, turns }: Load): boolean => chats >= full.chats / 20 && turns >= full.turns;

/** The longest that the load can last: the first turns spread over one turn, and each turn takes at most 20 % more. */
export const plannedMs = ({ turns, turnMs }: Load): number => Math.round(turnMs * (1 + turns * 1.2)) + 1_000;

/** A chat belongs to one user. */
export const usersThatChat = ({ users, chats }: Load): number => Math.min(users, chats);

export interface Bound {
  name: HotStatement;
  keys: number;
  ttlMs: number;
  calls: number;
}

/**
 * What may remain after caching: K hot keys x R replicas x (ceil(D / TTL) + I invalidations), and never more than the
 * calls before. I = 0, unless somebody edits settings or kills replicas on the page.
 */
export function boundsOf(load: Load, replicas: number, invalidations = 0): Bound[] {
  const calls = (keys: number, ttlMs: number): number =>
    keys * replicas * (Math.ceil(plannedMs(load) / ttlMs) + invalidations);
  const turns = load.chats * load.turns;
  return [
    { name: 'GetEnabledChatProviders', keys: 1, ttlMs: load.ttlMs, calls: Math.min(2 * turns, calls(1, load.ttlMs)) },
    { name: 'GetChatModelConfigByID', keys: 1, ttlMs: load.ttlMs, calls: Math.min(turns, calls(1, load.ttlMs)) },
    {
      name: 'GetUserChatCustomPrompt',
      keys: usersThatChat(load),
      ttlMs: load.promptTtlMs,
      calls: Math.min(turns, calls(usersThatChat(load), load.promptTtlMs)),
    },
  ];
}

export function planConfigCache(options: RunOptions): Plan {
  const load = loadOf(options);
  const seconds = plannedMs(load) / 1_000;
  return {
    scale: scaleOf(load),
    bounds: boundsOf(load, options.replicas).map(
      ({ name, keys, ttlMs, calls }) =>
        `${name}: at most ${calls.toLocaleString('en')} = min(before, ${keys.toLocaleString('en')} ${keys === 1 ? 'key' : 'keys'} x ${options.replicas} replicas x ceil(${seconds} s / ${ttlMs / 1_000} s))`,
    ),
    rows: boundsOf(load, options.replicas).map(({ name, calls }) => ({
      name,
      bound: calls,
      source: source[name].text,
    })),
    loadMs: plannedMs(load) * (Number(options.before) + Number(options.after)),
  };
}

export function scaleOf(load: Load): string {
  const ratio = (source: number, own: number): string => `${Math.round((source / own) * 10) / 10}:1`;
  return [
    `closed loop, ${load.chats} chats x ${load.turns} turns of ${load.turnMs / 1_000} s (source ${full.chats} x ${full.turns})`,
    `load 1:${Math.round(full.chats / load.chats)}`,
    `time ${ratio(full.ttlMs, load.ttlMs)}`,
    `TTL ${full.ttlMs / 1_000} s -> ${load.ttlMs / 1_000} s and ${full.promptTtlMs / 1_000} s -> ${load.promptTtlMs / 1_000} s`,
    `${load.users} ${load.users === 1 ? 'user' : 'users'}`,
  ].join(', ');
}
