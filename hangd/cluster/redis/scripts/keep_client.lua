-- Keep where a client is. Returns the node that it was connected to before, or nil.
-- KEYS: the client. ARGV: room, proof, edge, milliseconds until it expires.
local before = redis.call('HGET', KEYS[1], 'edge')
redis.call('HSET', KEYS[1], 'room', ARGV[1], 'proof', ARGV[2], 'edge', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return before
