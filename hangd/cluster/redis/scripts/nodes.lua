-- Return what each living node tells of itself.
-- KEYS: the index of nodes. ARGV: what a life's key begins with.
local found = {}
for _, node in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local life = redis.call('GET', ARGV[1] .. node)
  if life then
    found[#found + 1] = life
  end
end
return found
