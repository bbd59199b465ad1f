/**
 * The check script for the one rule that most limiters have: a single `sliding` one, whose rejected checks cost nothing. It takes
 * the steps of `check-script.ts` on the same lists, written out: making that script's tables and functions costs as much as a check.
 *
 * KEYS: the epoch key, then one key for each group. ARGV: expected epoch, clock ('' = the server's), limit, window, TTL of a key,
 * time unit and span of the packed reply, groups ('' = one caller with cost 1 each, else pairs of callers and cost).
 * Reply: as the check script's.
 * Few functions and few calls of functions: in a script these cost more than the commands of Redis, five of which take 6 us.
 */
export const SLIDE_SCRIPT = `
local call, match = redis.call, string.match
local epoch = call('GET', KEYS[1])
if epoch ~= ARGV[1] then return epoch or '' end
local exact = ARGV[2]
if exact == '' then
  local t = call('TIME')
  exact = t[1] * 1000 + t[2] / 1000
end
local now = exact - exact % 1
local later = now < exact + 0 and now + 1 or now
local limit, window, ttl, unit, span = ARGV[3] + 0, ARGV[4] + 0, ARGV[5], ARGV[6] + 0, ARGV[7] + 0
local edge = now - window
local stamp = later >= 1e12 and later or string.format('%013.0f', later)
local reply, extra = {}, 0
-- An element: 13 digits of time, units counted before it, units if more than one.
local element = '^(%d%d%d%d%d%d%d%d%d%d%d%d%d)(%d+):?(%d*)'

-- The first index above lo whose element's part (1: time, 2: units before it) is above bound; lo's own is not.
local function seek(key, lo, part, bound)
  local function within(i)
    local v = call('LINDEX', key, i)
    return v and select(part, match(v, element)) + 0 <= bound
  end
  local step, hi = 1, lo + 1
  while within(hi) do
    lo = hi; step = step * 2; hi = hi + step
  end
  while hi - lo > 1 do
    local mid = (hi + lo - (hi + lo) % 2) / 2
    if within(mid) then lo = mid else hi = mid end
  end
  return hi
end

-- Milliseconds until more units than bound have left, counted from the first one ever.
local function wait(key, dead, bound)
  local i = seek(key, dead > 0 and dead or 0, 2, bound) - 1
  return match(call('LINDEX', key, i), element) + window - now
end

local function check(key, n, c)
  -- dead: how many elements at the front say nothing any more, or -1 for all.
  local first, dead, oldest, last, base, before, units, free = call('LINDEX', key, '0'), 0, later, nil, 0, 0, 0, limit
  if first then
    oldest, base = match(first, element)
    if not oldest then
      -- A block: b .. its end.
      local till = match(first, '%d+') + 0
      if till > now then return now - till end
      first = call('LINDEX', key, '1')
      dead = first and 1 or -1
      if first then oldest, base = match(first, element) end
    end
  end
  if first then
    last, before, units = match(call('LINDEX', key, '-1'), element)
    last = last + 0
    if last <= edge or last > now + window + 1000 then
      -- All of it has left the window, or the clock was set back by more than a window.
      dead, last, base = -1, nil, 0
    else
      oldest = oldest + 0
      if oldest <= edge then
        dead = seek(key, dead, 1, edge)
        oldest, base = match(call('LINDEX', key, dead), element)
        oldest = oldest + 0
      end
      units = units == '' and 1 or units + 0
      before, base = before + 0, base + 0
      free = limit - before - units + base
    end
  end
  if not last then oldest, base = later, 0 end
  local open, got = free > 0 and free or 0, n
  if open < n * c then got = (open - open % c) / c end
  if got > 0 then
    local add = got * c
    free = free - add
    if not last then
      if dead < 0 then call('DEL', key) end
      call('RPUSH', key, add == 1 and stamp .. '0' or stamp .. '0:' .. add)
      call('PEXPIRE', key, ttl)
    else
      if dead == 1 then call('LPOP', key) elseif dead > 1 then call('LTRIM', key, dead, '-1') end
      local time, head, same = later, stamp, last >= later
      if last > later then
        time, head = last, last >= 1e12 and last or string.format('%013.0f', last)
      elseif limit > 4096 then
        local slice = window / 64
        same = math.floor(last / slice) == math.floor(time / slice)
      end
      if same then
        if oldest == last then oldest = time end
      else
        before, units = before + units, 0
      end
      units = units + add
      local v = head .. (before < 1e14 and before or string.format('%.0f', before))
      if units ~= 1 then v = v .. ':' .. units end
      if same then call('LSET', key, '-1', v) else call('RPUSH', key, v) end
      -- The TTL is 1.25 windows, so once in a quarter of the window is often enough.
      local quarter = window / 4
      if last - last % quarter ~= time - time % quarter then call('PEXPIRE', key, ttl) end
    end
    dead = 0
  end
  local time, grows = 0, 0
  if free < limit then grows = free >= 0 and oldest + window - now or wait(key, dead, base - free) end
  time = grows
  if got < n or (n == 0 and open < c) then
    time = c > limit and 1e15 or c - free == 1 and grows or wait(key, dead, base + c - free - 1)
    if c > 1 then
      extra = extra + 1
      reply[#KEYS - 1 + extra] = grows
    end
  end
  if unit > 1 then time = math.ceil(time / unit - 1e-6) end
  return open * span + (time < span and time or span - 1)
end

if ARGV[8] == '' then
  for g = 2, #KEYS do reply[g - 1] = check(KEYS[g], 1, 1) end
else
  local words = string.gmatch(ARGV[8], '%d+')
  for g = 2, #KEYS do
    local n = words() + 0
    reply[g - 1] = check(KEYS[g], n, words() + 0)
  end
end
return reply
`;
