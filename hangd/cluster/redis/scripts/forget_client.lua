-- Drop what is kept of a client, if it is in this room. Returns 1, or 0 if it is not.
-- KEYS: the client. ARGV: room.
if redis.call('HGET', KEYS[1], 'room') ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
