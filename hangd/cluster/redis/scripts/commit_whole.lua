-- Replace what is kept of a room by all that its owner knows, and publish what is said of it. Returns what commit.lua
-- does.
-- KEYS: the room, the index of public rooms, its alias if it has one.
-- ARGV: owner, fence, number, id, milliseconds for which the index is kept if the room is public (else 0 or ''),
--       how many are names and values of fields, milliseconds until it expires, what a room's key begins with,
--       the fields, then channels and messages.
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'n')
local fence, own = tonumber(kept[2]), tonumber(ARGV[2])
if fence then
  if fence > own or (fence == own and kept[1] ~= ARGV[1]) then
    return 'lost'
  end
  if fence == own and kept[3] and tonumber(ARGV[3]) <= tonumber(kept[3]) then
    return 'ok'
  end
end
local at = 9 + tonumber(ARGV[6])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'fence', ARGV[2], 'n', ARGV[3])
for each = 9, at - 1, 2 do
  redis.call('HSET', KEYS[1], ARGV[each], ARGV[each + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
if KEYS[3] then
  local other = redis.call('GET', KEYS[3])
  if not other or other == ARGV[4] or redis.call('HEXISTS', ARGV[8] .. other, 'n') == 0 then
    redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[7])
  end
  redis.call('HSET', KEYS[1], 'alias', KEYS[3])
end
if ARGV[5] == '0' or ARGV[5] == '' then
  redis.call('ZREM', KEYS[2], ARGV[4])
else
  redis.call('ZADD', KEYS[2], 0, ARGV[4])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
local deaf
for each = at, #ARGV, 2 do
  if redis.call('PUBLISH', ARGV[each], ARGV[each + 1]) == 0 then
    deaf = deaf or { 'ok' }
    deaf[#deaf + 1] = ARGV[each]
  end
end
return deaf or 'ok'
