-- Say how many of something a node has. Returns how many all living nodes have.
-- KEYS: the shares. ARGV: the node, its amount, what a life's key begins with, milliseconds until it expires.
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
local total = 0
local shares = redis.call('HGETALL', KEYS[1])
for at = 1, #shares, 2 do
  if shares[at] == ARGV[1] or redis.call('EXISTS', ARGV[3] .. shares[at]) == 1 then
    total = total + shares[at + 1]
  else
    redis.call('HDEL', KEYS[1], shares[at])
  end
end
return total
