-- Make a room. Returns its fence, {'taken', room}, 'dead' (the node has no life) or 'known' (there is such a room).
-- KEYS: the room, the life of its owner, its alias if it has one.
-- ARGV: owner, id, milliseconds until it expires, what a room's key begins with, then names and values of fields.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 'dead'
end
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'n')
if kept[2] then
  -- The answer to the first attempt was lost.
  if kept[1] == ARGV[1] and kept[3] == '0' then
    return kept[2]
  end
  return 'known'
end
if KEYS[3] then
  local other = redis.call('GET', KEYS[3])
  if other and other ~= ARGV[2] and redis.call('HEXISTS', ARGV[4] .. other, 'n') == 1 then
    return { 'taken', other }
  end
end
-- By the time, so that no fence is given twice though Redis may have forgotten the last one.
local time = redis.call('TIME')
local fence = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', fence, 'n', 0)
for at = 5, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if KEYS[3] then
  redis.call('HSET', KEYS[1], 'alias', KEYS[3])
  redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
end
return fence
