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
export const CHECK_SCRIPT = `
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

-- The part of a string value after '|' is the end of a block.
local function unblocked(v)
  local bar = find(v, '|', 1, true)
  if not bar then return v end
  block = max(block, num(sub(v, bar + 1)) - now)
  return sub(v, 1, bar - 1)
end

local load = {
  s = function(key, r)
    local first = call('LINDEX', key, '0')
    -- dead: how many elements at the front say nothing any more, or -1 for all; live: the elements that count.
    dead[r], live[r], base[r], total[r], last[r], oldest[r] = 0, false, 0, 0, 0, later
    if not first then return limit[r] end
    if byte(first) == 98 then
      block = max(block, num(sub(first, 2)) - now)
      dead[r] = 1
      first = call('LINDEX', key, '1')
      if not first then
        dead[r] = -1
        return limit[r]
      end
    end
    local newest = call('LINDEX', key, '-1')
    local edge, lt = now - window[r], timeOf(newest)
    if lt <= edge or lt > now + window[r] + 1000 then
      -- All of it has left the window, or the clock was set back by more than a window.
      dead[r] = -1
      return limit[r]
    end
    local ot = timeOf(first)
    if ot <= edge then
      dead[r] = seek(key, dead[r], timeOf, edge)
      first = call('LINDEX', key, dead[r])
      ot = timeOf(first)
    end
    local before, units = beforeOf(newest)
    live[r], newestBefore[r], newestUnits[r] = true, before, units
    base[r], total[r], last[r], oldest[r] = (beforeOf(first)), before + units, lt, ot
    return limit[r] - total[r] + base[r]
  end,
  g = function(key, r)
    local v = call('GET', key)
    local each = window[r] / limit[r]
    last[r], total[r] = exact, 0
    if v then
      v = unblocked(v)
      local colon = find(v, ':', 1, true)
      local at, owed = num(sub(v, 1, colon - 1)), num(sub(v, colon + 1))
      last[r], total[r] = max(at, exact), min(burst[r] * each, max(0, owed - max(0, exact - at)))
    end
    return floor((burst[r] * each - total[r]) / each + 1e-6)
  end,
  f = function(key, r)
    local v = call('GET', key)
    last[r], total[r] = 0, 0
    if v then
      v = unblocked(v)
      local colon = find(v, ':', 1, true)
      local start, count = num(sub(v, 1, colon - 1)), num(sub(v, colon + 1))
      if now < start + window[r] then last[r], total[r] = start, count end
    end
    return limit[r] - total[r]
  end,
}

local charge = {
  s = function(key, r, units)
    local w = window[r]
    if not live[r] then
      if dead[r] < 0 then call('DEL', key) end
      call('RPUSH', key, pack(later, 0, units))
      call('PEXPIRE', key, ttl[r])
      live[r], newestBefore[r], newestUnits[r] = true, 0, units
      base[r], total[r], last[r], oldest[r] = 0, units, later, later
    else
      if dead[r] == 1 then call('LPOP', key) elseif dead[r] > 1 then call('LTRIM', key, dead[r], '-1') end
      local lt, t = last[r], max(later, last[r])
      local slice = limit[r] > 4096 and w / 64 or 1
      if floor(lt / slice) == floor(t / slice) then
        newestUnits[r] = newestUnits[r] + units
        call('LSET', key, '-1', pack(t, newestBefore[r], newestUnits[r]))
        if oldest[r] == lt then oldest[r] = t end
      else
        call('RPUSH', key, pack(t, total[r], units))
        newestBefore[r], newestUnits[r] = total[r], units
      end
      total[r], last[r] = total[r] + units, t
      -- The TTL is 1.25 windows, so once in a quarter of the window is often enough.
      if floor(lt * 4 / w) ~= floor(t * 4 / w) then call('PEXPIRE', key, ttl[r]) end
    end
    dead[r] = 0
  end,
  g = function(key, r, units)
    total[r] = total[r] + units * (window[r] / limit[r])
    call('SET', key, fmt('%.17g:%.17g', last[r], total[r]), 'PX', max(1, ceil(total[r])))
  end,
  f = function(key, r, units)
    if total[r] == 0 then last[r] = later end
    total[r] = total[r] + units
    call('SET', key, fmt('%.0f:%.0f', last[r], total[r]), 'PX', max(1, last[r] + window[r] - now))
  end,
}

-- Counts rejected units, but keeps no more than a full rule would.
local punish = {
  s = function(key, r, units)
    charge.s(key, r, units)
    local keep = total[r] - limit[r]
    if keep <= base[r] then return end
    -- The element that holds the first unit to keep loses those before it.
    local i = seek(key, 0, beforeOf, keep)
    local v, following = call('LINDEX', key, i - 1), call('LINDEX', key, i)
    local stop = following and beforeOf(following) or total[r]
    if i > 1 then call('LTRIM', key, i - 1, '-1') end
    call('LSET', key, '0', pack(timeOf(v), keep, stop - keep))
  end,
  g = function(key, r, units)
    local each = window[r] / limit[r]
    total[r] = min(total[r] + units * each, burst[r] * each)
    call('SET', key, fmt('%.17g:%.17g', last[r], total[r]), 'PX', max(1, ceil(total[r])))
  end,
  f = function(key, r, units)
    local fits = min(units, max(0, limit[r] - total[r]))
    if fits > 0 then charge.f(key, r, fits) end
  end,
}

-- Milliseconds until \`missing\` more units are free.
local wait = {
  s = function(key, r, missing)
    if missing > 1 then
      local i = seek(key, max(dead[r], 0), beforeOf, base[r] + missing - 1)
      return timeOf(call('LINDEX', key, i - 1)) + window[r] - now
    end
    return oldest[r] + window[r] - now
  end,
  g = function(key, r, missing)
    local each = window[r] / limit[r]
    return max(0, total[r] - (burst[r] - free[r] - missing) * each)
  end,
  f = function(key, r) return last[r] + window[r] - now end,
}

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
