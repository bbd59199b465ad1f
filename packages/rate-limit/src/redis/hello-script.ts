/**
 * Proves that the shard can be written to, names its state, counts the living. KEYS: the epoch, the workers.
 * ARGV: a name for a new epoch, its TTL, this worker's id ('' where workers are not counted), how long a heartbeat counts.
 * Reply: { epoch, workers }. Writes at most once a second and worker, but the first time always.
 */
export const HELLO_SCRIPT = `
local call = redis.call
local t = call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local epoch = call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1]
  call('SET', KEYS[1], epoch, 'PX', ARGV[2])
end
local id, live = ARGV[3], tonumber(ARGV[4])
if ARGV[5] == '1' then call('PEXPIRE', KEYS[1], ARGV[2]) end
if id == '' then return { epoch, 0 } end
local seen = call('ZSCORE', KEYS[2], id)
if ARGV[5] == '1' or not seen or now - seen > 1000 or now < tonumber(seen) then
  call('ZADD', KEYS[2], now, id)
  call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - live)
  call('PEXPIRE', KEYS[2], live * 2)
end
return { epoch, call('ZCOUNT', KEYS[2], now - live, '+inf') }
`;
