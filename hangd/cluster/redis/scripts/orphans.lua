-- Look through some of the keys. Returns where to go on ('0': all were seen) and the rooms that no living node owns.
-- ARGV: where to go on, a pattern for rooms, how many keys to look at, what a room's key begins with,
--       what a life's key begins with.
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local found = { page[1] }
for _, key in ipairs(page[2]) do
  local kept = redis.call('HMGET', key, 'owner', 'n')
  if kept[2] and (kept[1] == '' or redis.call('EXISTS', ARGV[5] .. kept[1]) == 0) then
    found[#found + 1] = string.sub(key, #ARGV[4] + 1)
  end
end
return found
