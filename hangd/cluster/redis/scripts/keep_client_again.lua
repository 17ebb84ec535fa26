-- Keep where a client is, unless it was connected to another node last. Returns 1, or 0 if it was.
-- KEYS: the client. ARGV: room, proof, edge, milliseconds until it expires.
local edge = redis.call('HGET', KEYS[1], 'edge')
if edge and edge ~= ARGV[3] then
  return 0
end
redis.call('HSET', KEYS[1], 'room', ARGV[1], 'proof', ARGV[2], 'edge', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
