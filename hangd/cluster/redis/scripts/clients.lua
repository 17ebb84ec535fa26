-- Look through some of the keys. Returns where to go on ('0': all were seen), and of each client a list: its id, room,
-- proof and edge.
-- ARGV: where to go on, a pattern for clients, how many keys to look at, what a client's key begins with.
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local found = { page[1] }
for _, key in ipairs(page[2]) do
  local kept = redis.call('HMGET', key, 'room', 'proof', 'edge')
  if kept[1] then
    found[#found + 1] = { string.sub(key, #ARGV[4] + 1), kept[1], kept[2], kept[3] }
  end
end
return found
