import { CHECK_STEPS } from './check-steps.ts';

/**
 * Checks and charges groups of equal checks. One Redis script for all checks of an event-loop turn.
 *
 * KEYS: the epoch key, then one key for each group and rule. ARGV: expected epoch, clock ('' = the server's), penalize (0 or 1),
 * time unit and span of the packed reply, groups ('' = one caller with cost 1 each, else numbers), then four values for each rule.
 * Reply: one integer a group, ((free * span) + time) * rules + rule, or minus the milliseconds of a block; after them one integer
 * for each denied group of cost > 1 (time until `remaining` grows). A string instead: the state is another one, nothing was charged.
 *
 * A sliding log is a LIST of admissions, oldest first: 13 digits of time, then how many units were counted before it, then
 * ":units" where it is more than one. So its two ends tell how much is in the window. A first element "b" .. time is a block.
 * Times are rounded up when written and down when read, so no unit leaves early. Nothing is written on a reject.
 * Calls cost most here, then turning numbers into text: hence few calls, and numbers that are passed as text.
 */
export const CHECK_SCRIPT: string = `
local call, sub, fmt, find, byte = redis.call, string.sub, string.format, string.find, string.byte
local floor, ceil, max, min, num = math.floor, math.ceil, math.max, math.min, tonumber
local epoch = call('GET', KEYS[1])
if epoch ~= ARGV[1] then return epoch or '' end
local exact
if ARGV[2] == '' then
  local t = call('TIME')
  exact = t[1] * 1000 + t[2] / 1000
else
  exact = num(ARGV[2])
end
local now, later = floor(exact), ceil(exact)
local penal, unit, span = ARGV[3] == '1', num(ARGV[4]), num(ARGV[5])
local algo, limit0, window, burst0, ttl = {}, {}, {}, {}, {}
local rules = 0
for i = 7, #ARGV, 4 do
  rules = rules + 1
  algo[rules], limit0[rules], window[rules], burst0[rules] = ARGV[i], num(ARGV[i + 1]), num(ARGV[i + 2]), num(ARGV[i + 3])
  ttl[rules] = fmt('%.0f', ceil(window[rules] * 1.25) + 1)
end
local limit, burst = limit0, burst0
local free, live, dead, base, oldest, last, total = {}, {}, {}, {}, {}, {}, {}
local newestBefore, newestUnits = {}, {}
local block

local stamp = fmt('%013.0f', later)
local function pack(time, before, units)
  local head = time == later and stamp or fmt('%013.0f', time)
  head = head .. (before < 2147483648 and fmt('%d', before) or fmt('%.0f', before))
  return units == 1 and head or head .. fmt(':%.0f', units)
end
local function timeOf(v) return num(sub(v, 1, 13)) end
local function beforeOf(v)
  local colon = find(v, ':', 14, true)
  if colon then return num(sub(v, 14, colon - 1)), num(sub(v, colon + 1)) end
  return num(sub(v, 14)), 1
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

${CHECK_STEPS}
local reply, extra = {}, {}
local tokens = ARGV[6] ~= '' and string.gmatch(ARGV[6], '%d+')
local most = floor(9007199254740991 / rules / span) - 1
local k = 1
for g = 1, (#KEYS - 1) / rules do
  local n, c = 1, 1
  if tokens then
    n, c = num(tokens()), num(tokens())
    limit, burst = limit0, burst0
    if tokens() == '1' then
      limit, burst = {}, {}
      for r = 1, rules do limit[r], burst[r] = num(tokens()), num(tokens()) end
    end
  end
  block = 0
  if rules == 1 and not penal then
    -- The common case, without the loops.
    local kind, key = algo[1], KEYS[k + 1]
    local f = load[kind](key, 1)
    if block > 0 then
      reply[g] = -block
    else
      local before = f > 0 and f or 0
      local got = before >= n * c and n or floor(before / c)
      if got > 0 then
        f = f - got * c
        charge[kind](key, 1, got * c)
      end
      free[1] = f
      local full, time = kind == 'g' and burst[1] or limit[1], 0
      if got < n or (n == 0 and before < c) then
        time = c > full and 1e15 or wait[kind](key, 1, c - f)
        if c > 1 then extra[#extra + 1] = before - got * c < full and ceil(wait[kind](key, 1, max(0, f) + 1 - f) - 1e-6) or 0 end
      elseif f < full then
        time = wait[kind](key, 1, max(0, f) + 1 - f)
      end
      reply[g] = min(before, most) * span + min(span - 1, ceil(time / unit - 1e-6))
    end
  else
    local least = 1e16
    for r = 1, rules do
      free[r] = load[algo[r]](KEYS[k + r], r)
      least = min(least, free[r])
    end
    if block > 0 then
      reply[g] = -block
    else
      local before = max(0, least)
      local got = min(n, floor(before / c))
      if got > 0 then
        for r = 1, rules do
          charge[algo[r]](KEYS[k + r], r, got * c)
          free[r] = free[r] - got * c
        end
      end
      local denied = got < n or (n == 0 and before < c)
      if penal and got < n then
        for r = 1, rules do
          punish[algo[r]](KEYS[k + r], r, (n - got) * c)
          free[r] = load[algo[r]](KEYS[k + r], r)
        end
      end
      least = 1e16
      for r = 1, rules do least = min(least, max(0, free[r])) end
      local speaker, grows = 1, -1
      for r = 1, rules do
        local full = algo[r] == 'g' and burst[r] or limit[r]
        if free[r] <= least then
          local t = 0
          -- Under a limit that was lowered, one unit more than nothing takes more than one to leave.
          if least < full then t = wait[algo[r]](KEYS[k + r], r, least + 1 - free[r]) end
          if t > grows then speaker, grows = r, t end
        end
      end
      local time = grows
      if denied then
        time = -1
        for r = 1, rules do
          if free[r] < c then
            local full = algo[r] == 'g' and burst[r] or limit[r]
            local t = c > full and 1e15 or wait[algo[r]](KEYS[k + r], r, c - free[r])
            if t > time then speaker, time = r, t end
          end
        end
        if c > 1 then extra[#extra + 1] = ceil(grows - 1e-6) end
      end
      reply[g] = (min(before, most) * span + min(span - 1, ceil(time / unit - 1e-6))) * rules + speaker - 1
    end
  end
  k = k + rules
end
for i = 1, #extra do reply[#reply + 1] = extra[i] end
return reply
`;
