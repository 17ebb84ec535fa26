-- Let a room expire later. Returns 1, or 0 if it is not this owner's.
-- KEYS: the room, the index of public rooms.
-- ARGV: owner, fence, milliseconds until it expires, and until the index does.
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'alias')
if kept[1] ~= ARGV[1] or kept[2] ~= ARGV[2] then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
if kept[3] then
  redis.call('PEXPIRE', kept[3], ARGV[3])
end
return 1
