-- Write what changed of a room, and publish what is said of it. Returns 'ok', or {'ok', channels to which nobody
-- listens}; 'lost': the room is another's; 'whole': this does not follow what is kept.
-- KEYS: the room, the index of public rooms.
-- ARGV: owner, fence, number, id, milliseconds for which the index is kept if the room is public (0: it is not,
--       '': as before),
--       how many of the following are names and values of fields, how many are names of fields that are no more,
--       these, then channels and messages.
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'n')
local fence, number = tonumber(kept[2]), tonumber(ARGV[3])
if not fence then
  return 'whole'
end
local own = tonumber(ARGV[2])
if fence > own or (fence == own and kept[1] ~= ARGV[1]) then
  return 'lost'
end
if fence < own or not kept[3] then
  return 'whole'
end
if number <= tonumber(kept[3]) then
  return 'ok'
end
if number ~= kept[3] + 1 then
  return 'whole'
end
local set, dropped = tonumber(ARGV[6]), tonumber(ARGV[7])
local at = 8 + set
redis.call('HSET', KEYS[1], 'n', ARGV[3], unpack(ARGV, 8, at - 1))
if dropped > 0 then
  redis.call('HDEL', KEYS[1], unpack(ARGV, at, at + dropped - 1))
  at = at + dropped
end
if ARGV[5] == '0' then
  redis.call('ZREM', KEYS[2], ARGV[4])
elseif ARGV[5] ~= '' then
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
