// oxlint-disable-next-line no-restricted-imports -- ioredis needs Node anyway, and EVALSHA wants SHA-1
import { createHash } from 'node:crypto';
import { tokenLength, version } from './redis-envelope.ts';

/** One Lua script: everything that it reads and writes happens at once, in the one slot of its keys. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/** What a script answers first; the server's time follows, in milliseconds. */
export const reply = { late: 0, hit: 1, lease: 2, held: 3, done: 4, refused: 5 } as const;

/**
 * Every script begins so. KEYS[1] is the generation of the shard. ARGV[1] is the deadline in the server's time: a
 * command that was delayed (in a queue, in the socket of a stopped server) until its caller had given up does nothing.
 * ARGV[2] is random, ARGV[3] the life of a generation. A generation that is gone is replaced by a new one, never by an
 * old one, so that nothing comes back with it.
 *
 * `fresh()` is new each time the script runs, also when a driver sends one command twice after a reconnect: a lease
 * that was revoked, or a generation that was left, must not come back by repetition.
 */
const begin = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return {${reply.late}, now} end
`;

const unique = `
local function fresh()
  return string.format('%08x', (time[1] * 1000000 + time[2]) % 4294967296) .. string.sub(ARGV[2], 1, ${tokenLength - 8})
end
`;

const orNewGeneration = `${unique}
if not gen then
  gen = fresh()
  redis.call('SET', KEYS[1], gen, 'PX', ARGV[3])
end
local function renew()
  if redis.call('PTTL', KEYS[1]) < ARGV[3] / 2 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end
`;

/** Wakes who waits in other processes for this key. Publishing may be forbidden to us; those who wait poll as well. */
const wake = `
local function wake(waited, channel, id)
  if redis.call('DEL', waited) == 1 then redis.pcall('PUBLISH', channel, id) end
end
`;

const generation = `local gen = redis.call('GET', KEYS[1])
${orNewGeneration}`;

function script(...parts: string[]): Script {
  const text = parts
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

const head = version.length;

/** Learns the server's time. */
export const timeScript: Script = script(begin, `return {${reply.done}, now}`);

/**
 * The value, or the lease, or who holds it. KEYS: generation, entry, lease, waited. ARGV: 4 least life wanted or -1 for "no value will
 * do", 5 filler that was seen before a wait or '*', 6 life of a lease, 7 '1' if the lease is shared by all who ask.
 * Answers hit: life, data; lease: the lease; held: life of the lease, filler of the entry.
 */
export const getScript: Script = script(
  begin,
  `
  local both = redis.call('MGET', KEYS[1], KEYS[2])
  local gen, raw = both[1], both[2]
  `,
  orNewGeneration,
  `
  local filler = ''
  if raw and string.sub(raw, 1, ${head + tokenLength}) == '${version}' .. gen then
    filler = string.sub(raw, ${head + tokenLength + 1}, ${head + 2 * tokenLength})
    local life = redis.call('PTTL', KEYS[2])
    local least = tonumber(ARGV[4])
    local news = ARGV[5] ~= '*' and filler ~= ARGV[5]
    if life > 0 and (news or (least >= 0 and life > least)) then
      if time[2] % 16 == 0 then renew() end
      return {${reply.hit}, now, life, string.sub(raw, ${head + 2 * tokenLength + 1})}
    end
  end
  renew()
  local held = redis.call('GET', KEYS[3])
  if held and string.sub(held, 1, ${tokenLength}) == gen then
    if ARGV[7] == '1' then return {${reply.lease}, now, held} end
    redis.call('SET', KEYS[4], '1', 'PX', ARGV[6])
    return {${reply.held}, now, redis.call('PTTL', KEYS[3]), filler}
  end
  local mine = gen .. fresh()
  redis.call('SET', KEYS[3], mine, 'PX', ARGV[6])
  return {${reply.lease}, now, mine}
  `,
);

/** The compare that refuses a late write: the lease must be held, and be of this generation. ARGV[4] is the lease. */
const owned = `
local mine = ARGV[4]
if redis.call('GET', KEYS[3]) ~= mine or redis.call('GET', KEYS[1]) ~= string.sub(mine, 1, ${tokenLength}) then
  return {${reply.refused}, now}
end
`;

/** Writes under a lease. KEYS as above. ARGV: 4 lease, 5 life or '0', 6 entry after its generation, 7 payload, 8 '1' if shared, 9 channel, 10 id. */
export const fillScript: Script = script(
  begin,
  wake,
  owned,
  `
  if ARGV[5] == '0' then redis.call('DEL', KEYS[2])
  else redis.call('SET', KEYS[2], '${version}' .. string.sub(mine, 1, ${tokenLength}) .. ARGV[6] .. ARGV[7], 'PX', ARGV[5]) end
  if ARGV[8] ~= '1' then redis.call('DEL', KEYS[3]) end
  wake(KEYS[4], ARGV[9], ARGV[10])
  return {${reply.done}, now}
  `,
);

/** KEYS as above. ARGV: 4 lease, 5 its new life. */
export const renewScript: Script = script(
  begin,
  owned,
  `redis.call('PEXPIRE', KEYS[3], ARGV[5])`,
  `\nreturn {${reply.done}, now}`,
);

/** KEYS as above. ARGV: 4 lease, 5 channel, 6 id. */
export const releaseScript: Script = script(
  begin,
  wake,
  owned,
  `
  redis.call('DEL', KEYS[3])
  wake(KEYS[4], ARGV[5], ARGV[6])
  return {${reply.done}, now}
  `,
);

/** Writes whatever lease there is, and revokes it. KEYS as above. ARGV: 4 life or '0', 5 entry after its generation, 6 payload, 7 channel, 8 id. */
export const setScript: Script = script(
  begin,
  generation,
  wake,
  `
  renew()
  if ARGV[4] == '0' then redis.call('DEL', KEYS[2])
  else redis.call('SET', KEYS[2], '${version}' .. gen .. ARGV[5] .. ARGV[6], 'PX', ARGV[4]) end
  redis.call('DEL', KEYS[3])
  wake(KEYS[4], ARGV[7], ARGV[8])
  return {${reply.done}, now}
  `,
);

/** Removes and revokes. KEYS: generation, then entry, lease, waited of each key. ARGV: 4 channel, 5... id of each key. */
export const deleteScript: Script = script(
  begin,
  wake,
  `
  for index = 2, #KEYS, 3 do
    redis.call('DEL', KEYS[index], KEYS[index + 1])
    wake(KEYS[index + 2], ARGV[4], ARGV[5 + (index - 2) / 3])
  end
  return {${reply.done}, now}
  `,
);

/** A new generation: what was written or leased under the old one is none any more. ARGV: 4 channel. */
export const clearScript: Script = script(
  begin,
  unique,
  `
  redis.call('SET', KEYS[1], fresh(), 'PX', ARGV[3])
  redis.pcall('PUBLISH', ARGV[4], '*')
  return {${reply.done}, now}
  `,
);
