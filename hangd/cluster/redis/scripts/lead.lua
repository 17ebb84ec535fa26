-- Return the node that leads: this one, if no other living one does. Returns 'dead' if this one has no life.
-- KEYS: the lead, the life of the node. ARGV: the node, milliseconds, what a life's key begins with.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 'dead'
end
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] and redis.call('EXISTS', ARGV[3] .. leader) == 1 then
  return leader
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
