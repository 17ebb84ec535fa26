-- Become a room's owner. Returns all that is kept of it; {'elsewhere', owner, fence}; 'dead' (the node has no life);
-- or nil, if there is no such room.
-- KEYS: the room, the life of the node. ARGV: the node, what a life's key begins with, milliseconds until it expires.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 'dead'
end
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'n', 'alias')
if not kept[3] then
  return nil
end
local owner = kept[1]
if owner ~= ARGV[1] and owner ~= '' and redis.call('EXISTS', ARGV[2] .. owner) == 1 then
  return { 'elsewhere', owner, kept[2] }
end
local time = redis.call('TIME')
local fence = math.max(kept[2] + 1, time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', string.format('%.0f', fence))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if kept[4] then
  redis.call('PEXPIRE', kept[4], ARGV[3])
end
return redis.call('HGETALL', KEYS[1])
