"""A real Redis for these tests."""

from tests.support.servers.redis_server import redis_server, shared_redis

__all__ = ["redis_server", "shared_redis"]
