-- Return for how many seconds no other node has renewed its life that is dead, or says that it knows the time; nil, if
-- there is none in the index.
-- KEYS: the index of nodes. ARGV: the node, what a life's key begins with.
local now, least = redis.call('TIME')[1], nil
local nodes = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 1, #nodes, 2 do
  if nodes[at] ~= ARGV[1] then
    local life = redis.call('GET', ARGV[2] .. nodes[at])
    local could_read, info = pcall(cjson.decode, life or '{}')
    if not life or not could_read or type(info) ~= 'table' or info.clock_offset ~= cjson.null then
      local age = math.max(0, now - nodes[at + 1])
      least = math.min(least or age, age)
    end
  end
end
return least
