-- Leave a room to whoever claims it. Returns 1, or 0 if it is not this owner's.
-- KEYS: the room. ARGV: owner, fence, then channels and messages.
local kept = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'n')
if kept[1] ~= ARGV[1] or kept[2] ~= ARGV[2] or not kept[3] then
  return 0
end
redis.call('HSET', KEYS[1], 'owner', '')
for each = 3, #ARGV, 2 do
  redis.call('PUBLISH', ARGV[each], ARGV[each + 1])
end
return 1
