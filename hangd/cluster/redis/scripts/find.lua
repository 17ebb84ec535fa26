-- Return the id of the room with this id or alias, or nil.
-- KEYS: the room of this id, the alias. ARGV: the id, what a room's key begins with.
if redis.call('HEXISTS', KEYS[1], 'n') == 1 then
  return ARGV[1]
end
local room = redis.call('GET', KEYS[2])
if room and redis.call('HEXISTS', ARGV[2] .. room, 'n') == 1 then
  return room
end
return nil
