-- Delete a room and its alias. Returns 1, or 0 if it is not this owner's.
-- KEYS: the room, the index of public rooms. ARGV: owner, fence, id, milliseconds for which its fence is kept.
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'n', 'alias')
if kept[1] ~= ARGV[1] or kept[2] ~= ARGV[2] or not kept[3] then
  return 0
end
redis.call('DEL', KEYS[1])
-- An owner of before that has slept would else find nothing, and write its room back.
redis.call('HSET', KEYS[1], 'owner', '', 'fence', string.format('%.0f', kept[2] + 1))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZREM', KEYS[2], ARGV[3])
if kept[4] and redis.call('GET', kept[4]) == ARGV[3] then
  redis.call('DEL', kept[4])
end
return 1
