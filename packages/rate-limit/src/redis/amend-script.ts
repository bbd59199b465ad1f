/**
 * Changes keys outside a check. KEYS: one key for each change. ARGV: clock ('' = the server's), then for each change its verb,
 * the algorithm's letter and the verb's values: `m` limit window burst count (age units)... merges what was admitted elsewhere;
 * `r` limit window burst units gives units back; `b` ms blocks; `x` forgets. Every key that is written gets a TTL.
 */
export const AMEND_SCRIPT = `
local call, sub, fmt, find = redis.call, string.sub, string.format, string.find
local floor, ceil, max, num = math.floor, math.ceil, math.max, tonumber
local exact
if ARGV[1] == '' then
  local t = call('TIME')
  exact = t[1] * 1000 + t[2] / 1000
else
  exact = num(ARGV[1])
end
local now = floor(exact)
local at = 1
local function word() at = at + 1; return ARGV[at] end
local function number() return num(word()) end
-- An element of a sliding log, as the check script writes it.
local function pack(time, before, units)
  return fmt(units == 1 and '%013.0f%.0f' or '%013.0f%.0f:%.0f', time, before, units)
end
local function unpacked(v)
  local colon = find(v, ':', 14, true)
  if colon then return num(sub(v, 1, 13)), num(sub(v, 14, colon - 1)), num(sub(v, colon + 1)) end
  return num(sub(v, 1, 13)), num(sub(v, 14)), 1
end
local function split(v)
  local bar = v and find(v, '|', 1, true)
  if bar then return sub(v, 1, bar - 1), sub(v, bar) end
  return v, ''
end
local function keep(key, value, mark, ttl)
  call('SET', key, value .. mark, 'PX', max(1, ceil(ttl), call('PTTL', key)))
end
-- The debt of a gcra key: since when, how much, the block behind it, whether there is a key.
local function debt(key)
  local v, mark = split(call('GET', key))
  if not v then return 0, 0, mark, false end
  local colon = find(v, ':', 1, true)
  return num(sub(v, 1, colon - 1)), num(sub(v, colon + 1)), mark, true
end

local merge = {
  s = function(key, limit, window, burst, count)
    local list, edge = call('LRANGE', key, 0, -1), now - window
    local times, units, add, out, mark = {}, {}, {}, {}, 0
    for i = 1, #list do
      if sub(list[i], 1, 1) == 'b' then
        mark = num(sub(list[i], 2))
        if mark > now then out[1] = list[i] end
      else
        local t, _, u = unpacked(list[i])
        if t > edge and t <= now + window + 1000 then times[#times + 1], units[#units + 1] = t, u end
      end
    end
    for i = 1, count do
      local t, u = ceil(exact - number()), number()
      if t > edge and u > 0 then add[#add + 1] = { t, u } end
    end
    if #add == 0 then return end
    table.sort(add, function(a, b) return a[1] < b[1] end)
    local slice = limit > 4096 and window / 64 or 1
    local total, newest, before, i, j = 0, -1, 0, 1, 1
    while i <= #times or j <= #add do
      local t, u
      if j > #add or (i <= #times and times[i] <= add[j][1]) then
        t, u, i = times[i], units[i], i + 1
      else
        t, u, j = add[j][1], add[j][2], j + 1
      end
      if newest >= 0 and floor(newest / slice) == floor(t / slice) then
        out[#out] = pack(t, before, total + u - before)
      else
        before = total
        out[#out + 1] = pack(t, before, u)
      end
      total, newest = total + u, t
    end
    call('DEL', key)
    for from = 1, #out, 1000 do call('RPUSH', key, unpack(out, from, math.min(from + 999, #out))) end
    call('PEXPIRE', key, max(ceil(window * 1.25) + 1, mark - now))
  end,
  g = function(key, limit, window, burst, count)
    local at, owed, mark = debt(key)
    for i = 1, count do
      local t, u = exact - number(), number()
      if t > at then at, owed = t, max(0, owed - (t - at)) end
      owed = owed + u * (window / limit)
    end
    owed = max(0, owed - max(0, exact - at))
    if owed > 0 then keep(key, fmt('%.17g:%.17g', max(at, exact), owed), mark, owed) end
  end,
  f = function(key, limit, window, burst, count)
    local v, mark = split(call('GET', key))
    local start, used = 0, 0
    if v then
      local colon = find(v, ':', 1, true)
      start, used = num(sub(v, 1, colon - 1)), num(sub(v, colon + 1))
      if now >= start + window then start, used = 0, 0 end
    end
    for i = 1, count do
      local t, u = ceil(exact - number()), number()
      if t + window > now then
        if used == 0 then start = t end
        used = used + u
      end
    end
    if used > 0 then keep(key, fmt('%.0f:%.0f', start, used), mark, start + window - now) end
  end,
}

local refund = {
  s = function(key, limit, window, burst, units)
    while units > 0 do
      local v = call('LINDEX', key, -1)
      if not v or sub(v, 1, 1) == 'b' then return end
      local t, before, counted = unpacked(v)
      if t <= now - window then return end
      if counted > units then
        call('LSET', key, -1, pack(t, before, counted - units))
        return
      end
      call('RPOP', key)
      units = units - counted
    end
  end,
  g = function(key, limit, window, burst, units)
    local at, owed, mark, found = debt(key)
    if not found then return end
    local each = window / limit
    owed = max(0, math.min(burst * each, max(0, owed - max(0, exact - at))) - units * each)
    keep(key, fmt('%.17g:%.17g', max(at, exact), owed), mark, owed)
  end,
  f = function(key, limit, window, burst, units)
    local v, mark = split(call('GET', key))
    if not v then return end
    local colon = find(v, ':', 1, true)
    keep(key, fmt('%s:%.0f', sub(v, 1, colon - 1), max(0, num(sub(v, colon + 1)) - units)), mark, 1)
  end,
}

local function block(key, letter, ms)
  local till = ms > 0 and now + ceil(ms) or 0
  if letter == 's' then
    local first = call('LINDEX', key, 0)
    if first and sub(first, 1, 1) == 'b' then call('LPOP', key) end
    if ms > 0 then call('LPUSH', key, 'b' .. fmt('%.0f', till)) end
    if call('EXISTS', key) == 0 then return end
    call('PEXPIRE', key, max(1, ceil(ms), call('PTTL', key)))
  else
    local v = split(call('GET', key))
    if v or ms > 0 then keep(key, v or '0:0', ms > 0 and '|' .. fmt('%.0f', till) or '', ms) end
  end
end

for i = 1, #KEYS do
  local verb, letter = word(), word()
  if verb == 'x' then
    call('DEL', KEYS[i])
  elseif verb == 'b' then
    block(KEYS[i], letter, number())
  else
    local step = verb == 'm' and merge or refund
    step[letter](KEYS[i], number(), number(), number(), number())
  end
end
return #KEYS
`;
