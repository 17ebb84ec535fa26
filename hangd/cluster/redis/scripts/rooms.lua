-- Look through some of the keys. Returns where to go on ('0': all were seen), and of each room a list: its id, 1 if its
-- owner lives (else 0), its owner, and then names and values of what is asked for.
-- ARGV: where to go on, a pattern for rooms, how many keys to look at, what a room's key begins with,
--       what a life's key begins with, what names of links begin with, then the fields to read (none: no links either).
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local found, wanted = { page[1] }, {}
for at = 7, #ARGV do
  wanted[ARGV[at]] = true
end
for _, key in ipairs(page[2]) do
  local kept = redis.call('HMGET', key, 'owner', 'fence', 'n')
  if kept[3] then
    local alive = kept[1] ~= '' and redis.call('EXISTS', ARGV[5] .. kept[1]) or 0
    local seen = { string.sub(key, #ARGV[4] + 1), alive, kept[1], 'fence', kept[2], 'n', kept[3] }
    if #ARGV > 6 then
      local all = redis.call('HGETALL', key)
      for at = 1, #all, 2 do
        if wanted[all[at]] or string.sub(all[at], 1, #ARGV[6]) == ARGV[6] then
          seen[#seen + 1] = all[at]
          seen[#seen + 1] = all[at + 1]
        end
      end
    end
    found[#found + 1] = seen
  end
end
return found
