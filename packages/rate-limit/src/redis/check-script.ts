/**
 * Checks and charges groups of equal checks. One Redis script for all checks of an event-loop turn.
 *
 * KEYS: the epoch key, then one key for each group and rule. ARGV: expected epoch, clock ('' = the server's), penalize (0 or 1),
 * time unit and span of the packed reply, groups ('' = one caller with cost 1 each, else numbers), then four values for each rule.
 * Reply: one integer a group, ((free * span) + time) * rules + rule, or minus the milliseconds of a block; after them one integer
 * for each denied group of cost > 1 (time until `remaining` grows). A string instead: the state is another one, nothing was charged.
 *
 * A sliding log is a LIST of "13 digits of time" .. "units counted so far", oldest first. Its first element is the base: what
 * was counted before the window. A base from the future is a block. Times are rounded up when written and down when read, so no
 * unit leaves early. Nothing is written on a reject.
 */
export const CHECK_SCRIPT = `
local call, sub, fmt, find = redis.call, string.sub, string.format, string.find
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
local algo, limit0, window, burst0 = {}, {}, {}, {}
local rules = 0
for i = 7, #ARGV, 4 do
  rules = rules + 1
  algo[rules], limit0[rules], window[rules], burst0[rules] = ARGV[i], num(ARGV[i + 1]), num(ARGV[i + 2]), num(ARGV[i + 3])
end
local limit, burst = limit0, burst0
local free, exists, skip, base, oldest, last, total = {}, {}, {}, {}, {}, {}, {}
local block

local function pack(time, units) return fmt('%013.0f%.0f', time, units) end

-- The first index above lo whose field (characters from..to) is above bound; lo's own field is not.
local function seek(key, lo, from, to, bound)
  local step, hi = 1, lo + 1
  while true do
    local v = call('LINDEX', key, hi)
    if not v or num(sub(v, from, to)) > bound then break end
    lo = hi; step = step * 2; hi = hi + step
  end
  while hi - lo > 1 do
    local mid = floor((lo + hi) / 2)
    local v = call('LINDEX', key, mid)
    if v and num(sub(v, from, to)) <= bound then lo = mid else hi = mid end
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
    local w = window[r]
    local e = call('LRANGE', key, 0, 1)
    exists[r], skip[r], base[r], oldest[r], last[r], total[r] = false, 0, 0, later, 0, 0
    if not e[1] then return limit[r] end
    exists[r] = true
    local t, c = num(sub(e[1], 1, 13)), num(sub(e[1], 14))
    base[r], total[r] = c, c
    if not e[2] then
      block = max(block, t - now)
      return limit[r]
    end
    local newest = call('LINDEX', key, -1)
    local edge, lt = now - w, num(sub(newest, 1, 13))
    if lt <= edge or lt > now + w + 1000 then
      -- All of it has left the window, or the clock was set back by more than a window.
      block = max(block, lt <= edge and t - now or 0)
      skip[r], base[r], total[r] = -1, 0, 0
      return limit[r]
    end
    block = max(block, t - now)
    local ot = num(sub(e[2], 1, 13))
    if ot <= edge then
      local live = seek(key, 1, 1, 13, edge)
      e = call('LRANGE', key, live - 1, live)
      skip[r], c, ot = live - 1, num(sub(e[1], 14)), num(sub(e[2], 1, 13))
    end
    base[r], oldest[r], last[r], total[r] = c, ot, lt, num(sub(newest, 14))
    return limit[r] - total[r] + c
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
    if not exists[r] or skip[r] < 0 then
      if exists[r] then call('DEL', key) end
      call('RPUSH', key, '00000000000000', pack(later, units))
      call('PEXPIRE', key, ceil(w * 1.25) + 1)
      exists[r], oldest[r], last[r], total[r] = true, later, later, units
    else
      if skip[r] > 0 then call('LTRIM', key, skip[r], -1) end
      local lt, t = last[r], max(later, last[r])
      local slice = limit[r] > 4096 and w / 64 or 1
      total[r] = total[r] + units
      if lt > 0 and floor(lt / slice) == floor(t / slice) then
        call('LSET', key, -1, pack(t, total[r]))
        if oldest[r] == lt then oldest[r] = t end
      else
        call('RPUSH', key, pack(t, total[r]))
        if lt == 0 then oldest[r] = t end
      end
      -- The TTL is 1.25 windows, so once in a quarter of the window is often enough.
      if lt == 0 or floor(lt * 4 / w) ~= floor(t * 4 / w) then call('PEXPIRE', key, ceil(w * 1.25) + 1) end
      last[r] = t
    end
    skip[r] = 0
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
    local i = seek(key, 0, 14, -1, keep)
    if i > 1 then call('LTRIM', key, i - 1, -1) end
    call('LSET', key, 0, pack(0, keep))
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
      local bound = base[r] + missing - 1
      local i = seek(key, max(skip[r], 0), 14, -1, bound)
      return num(sub(call('LINDEX', key, i), 1, 13)) + window[r] - now
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
  k = k + rules
end
for i = 1, #extra do reply[#reply + 1] = extra[i] end
return reply
`;
