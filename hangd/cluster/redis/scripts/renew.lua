-- Let a node count as alive. Returns 1 if it still did, else 0.
-- KEYS: its life, the index of nodes. ARGV: what it tells of itself, milliseconds of life, its incarnation,
--       seconds for which it is known of a node that it has died.
local was = redis.call('EXISTS', KEYS[1])
local now = redis.call('TIME')[1]
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[4])
redis.call('EXPIRE', KEYS[2], 3600)
return was
