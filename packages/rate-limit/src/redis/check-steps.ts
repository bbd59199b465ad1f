/**
 * The steps of the check script: how each algorithm loads a key, charges it, counts a rejected check, and when units come free.
 * They take the same steps as `algorithms/`, on the same numbers; a property test holds the two together. The letters are those
 * of `letterOf`; `r` is the number of the rule, and what was loaded of a key stands in tables by that number.
 */
export const CHECK_STEPS = `
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
`;
