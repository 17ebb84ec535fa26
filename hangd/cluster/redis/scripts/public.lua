-- Return ids and summaries of public rooms in the order of ids.
-- KEYS: the index of public rooms. ARGV: where to begin, how many, what a room's key begins with, a summary's field.
local found, first, most = {}, ARGV[1], tonumber(ARGV[2])
while #found < 2 * most do
  local page = redis.call('ZRANGEBYLEX', KEYS[1], first, '+', 'LIMIT', 0, most)
  if #page == 0 then
    break
  end
  for _, room in ipairs(page) do
    local summary = redis.call('HGET', ARGV[3] .. room, ARGV[4])
    if not summary then
      redis.call('ZREM', KEYS[1], room)
    elseif #found < 2 * most then
      found[#found + 1] = room
      found[#found + 1] = summary
    end
  end
  first = '(' .. page[#page]
end
return found
