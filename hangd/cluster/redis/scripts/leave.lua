-- End a node's life.
-- KEYS: its life, the index of nodes. ARGV: its incarnation.
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
