-- Change an entry of a list. Returns 'ok'; 'other': it is not what it was believed to be; or 'full'.
-- KEYS: the entry, the index of the list, by the time at which entries end.
-- ARGV: its name, what it was, what it is to be ('': there is none), milliseconds, how many the list takes.
local kept = redis.call('GET', KEYS[1]) or ''
if kept ~= ARGV[2] and kept ~= ARGV[3] then
  return 'other'
end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 'ok'
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if kept == '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
  if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
    return 'full'
  end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[4]), ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 'ok'
