/**
 * The check script for the one rule that most limiters have: a single `sliding` one, whose rejected checks cost nothing. It takes
 * the steps of `check-script.ts` on the same lists, written out: making that script's tables and functions costs as much as a check.
 *
 * KEYS: the epoch key, then one key for each group. ARGV: expected epoch, clock ('' = the server's), limit, window, TTL of a key,
 * time unit and span of the packed reply, groups ('' = one caller with cost 1 each, else pairs of callers and cost).
 * Reply: as the check script's.
 */
export const SLIDE_SCRIPT = `
local call, sub, find, fmt, num = redis.call, string.sub, string.find, string.format, tonumber
local floor, ceil = math.floor, math.ceil
local epoch = call('GET', KEYS[1])
if epoch ~= ARGV[1] then return epoch or '' end
local now, later
if ARGV[2] == '' then
  local t = call('TIME')
  now = t[1] * 1000 + t[2] / 1000
else
  now = num(ARGV[2])
end
now, later = floor(now), ceil(now)
local limit, window, ttl, unit, span = num(ARGV[3]), num(ARGV[4]), ARGV[5], num(ARGV[6]), num(ARGV[7])
local edge, stamp = now - window, fmt('%013.0f', later)
local most = floor(9007199254740991 / span) - 1
local reply, extra = {}, 0

local function timeOf(v) return num(sub(v, 1, 13)) end
local function beforeOf(v)
  local before = num(sub(v, 14))
  if before then return before, 1 end
  local colon = find(v, ':', 14, true)
  return num(sub(v, 14, colon - 1)), num(sub(v, colon + 1))
end
local function pack(time, before, units)
  local v = (time == later and stamp or fmt('%013.0f', time)) .. (before < 1e14 and before or fmt('%.0f', before))
  return units == 1 and v or v .. fmt(':%.0f', units)
end
-- The first index above lo of which field(element) is above bound; lo's own is not.
local function seek(key, lo, field, bound)
  local step, hi = 1, lo + 1
  while true do
    local v = call('LINDEX', key, hi)
    if not v or field(v) > bound then break end
    lo = hi; step = step * 2; hi = hi + step
  end
  while hi - lo > 1 do
    local mid = floor((lo + hi) / 2)
    local v = call('LINDEX', key, mid)
    if v and field(v) <= bound then lo = mid else hi = mid end
  end
  return hi
end

-- Milliseconds until more units than 'bound', counted from the first, have left.
local function wait(key, dead, bound)
  return timeOf(call('LINDEX', key, seek(key, dead, beforeOf, bound) - 1)) + window - now
end

local function check(key, n, c)
  -- dead: how many elements at the front say nothing any more, or -1 for all.
  local first, dead, oldest, last, base, before, units, used = call('LINDEX', key, '0'), 0, later, nil, 0, 0, 0, 0
  if first and sub(first, 1, 1) == 'b' then
    local till = num(sub(first, 2))
    if till > now then return now - till end
    first = call('LINDEX', key, '1')
    dead = first and 1 or -1
  end
  if first then
    local newest = call('LINDEX', key, '-1')
    last = timeOf(newest)
    if last <= edge or last > now + window + 1000 then
      dead, last = -1, nil
    else
      oldest = timeOf(first)
      if oldest <= edge then
        dead = seek(key, dead, timeOf, edge)
        first = call('LINDEX', key, dead)
        oldest = timeOf(first)
      end
      before, units = beforeOf(newest)
      base = beforeOf(first)
      used = before + units - base
    end
  end
  local free = limit - used
  local open = free > 0 and free or 0
  local got = open >= n * c and n or floor(open / c)
  if got > 0 then
    local add = got * c
    free = free - add
    if not last then
      if dead < 0 then call('DEL', key) end
      call('RPUSH', key, add == 1 and stamp .. '0' or pack(later, 0, add))
      call('PEXPIRE', key, ttl)
    else
      if dead == 1 then call('LPOP', key) elseif dead > 1 then call('LTRIM', key, dead, '-1') end
      local time, slice = later > last and later or last, limit > 4096 and window / 64 or 1
      if floor(last / slice) == floor(time / slice) then
        call('LSET', key, '-1', pack(time, before, units + add))
        if oldest == last then oldest = time end
      else
        call('RPUSH', key, pack(time, before + units, add))
      end
      -- The TTL is 1.25 windows, so once in a quarter of the window is often enough.
      if floor(last * 4 / window) ~= floor(time * 4 / window) then call('PEXPIRE', key, ttl) end
    end
    dead = 0
  end
  if dead < 0 then dead = 0 end

  local time, next = 0, 0
  if free < limit then next = free >= 0 and oldest + window - now or wait(key, dead, base - free) end
  if got < n or (n == 0 and open < c) then
    time = c > limit and 1e15 or c - free == 1 and next or wait(key, dead, base + c - free - 1)
    if c > 1 then
      extra = extra + 1
      reply[#KEYS - 1 + extra] = next
    end
  else
    time = next
  end
  time = ceil(time / unit - 1e-6)
  return (open < most and open or most) * span + (time < span and time or span - 1)
end

if ARGV[8] == '' then
  for g = 2, #KEYS do reply[g - 1] = check(KEYS[g], 1, 1) end
else
  local words = string.gmatch(ARGV[8], '%d+')
  for g = 2, #KEYS do
    local n = num(words())
    reply[g - 1] = check(KEYS[g], n, num(words()))
  end
end
return reply
`;
