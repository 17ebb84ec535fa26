-- Add to a counter that ends some time after its first addition. Returns its value.
-- KEYS: the counter. ARGV: what to add, milliseconds.
local begun = redis.call('EXISTS', KEYS[1])
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if begun == 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return value
