"""Being one of several servers: what the settings must say for it, and joining the others (``--cluster``).

hiredis is imported only then.
"""

import importlib.util
import re
import socket
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hangd.cluster.base import KEEP_SECONDS, Cluster, ClusterFailed, NodeInfo, new_incarnation
from hangd.lifetime import version
from hangd.redis_url import RedisPlace, parse_redis_url
from hangd.rooms.clock import boot_id
from hangd.rooms.hub import Hub
from hangd.server.listening import StartFailed, WrongSetting
from hangd.server.secret_files import read_password
from hangd.server.settings import NODE_MAX, ServerSettings
from hangd.server.trust.pairing import SharedPairing
from hangd.server.trust.service import TrustService

if TYPE_CHECKING:
    from hangd.rooms.clustered.limits import ClusterLimits

CLUSTER_NEEDS: Final = "--cluster needs hiredis: install hang-sync[cluster]"

_NOT_IN_A_NODE: Final = re.compile(r"[^A-Za-z0-9.-]")


def check_cluster(settings: ServerSettings) -> None:
    """Raises WrongSetting: these settings are no node of a cluster, or the extra ``cluster`` is not installed."""
    if settings.cluster is None:
        for option, value in (("--node", settings.node), ("--cluster-password-file", settings.cluster_password_file)):
            if value is not None:
                raise WrongSetting(f"{option} is for one of several servers: name their Redis, too (--cluster)")
        return
    if settings.database is not None and settings.database.startswith("sqlite:"):
        raise WrongSetting(
            "--database sqlite:// would be this node's alone: a cluster has postgresql:// for accounts and history"
        )
    if settings.database is None and (settings.require_token or settings.register != "closed"):
        option = "--require-token" if settings.require_token else f"--register {settings.register}"
        raise WrongSetting(f"{option} in a cluster needs a database that all nodes share: --database postgresql://...")
    if importlib.util.find_spec("hiredis") is None:
        raise WrongSetting(CLUSTER_NEEDS)


def node_name(settings: ServerSettings) -> str:
    """Return the name of this node. Characters that a node's name has not are hyphens in the one of a host."""
    if settings.node is not None:
        return settings.node
    return _NOT_IN_A_NODE.sub("-", socket.gethostname())[:NODE_MAX].strip("-.") or "node"


def redis_place(settings: ServerSettings) -> RedisPlace:
    """Return where the Redis of the cluster is, with its password from the file if there is one.

    Raises:
        WrongSetting: the file cannot be used, or the URL has a password, too.
    """
    assert settings.cluster is not None
    found = parse_redis_url(settings.cluster)
    if settings.cluster_password_file is None:
        return found
    if found.password is not None:
        raise WrongSetting("the password of Redis is in --cluster and in --cluster-password-file: it may be in one")
    return found._replace(password=read_password(Path(settings.cluster_password_file), "--cluster-password-file"))


def open_cluster(settings: ServerSettings) -> Cluster | None:
    """Return the cluster of which this is to be a node, if any. Raises WrongSetting, as `check_cluster` does."""
    check_cluster(settings)
    if settings.cluster is None:
        return None
    # A server that is alone needs none of it.
    from hangd.cluster.redis.cluster import RedisCluster

    # A room that is empty for less than its time must be there when the nodes are, however long they were away.
    keep = max(KEEP_SECONDS, settings.room_ttl or 0.0)
    return RedisCluster(redis_place(settings), new_incarnation(node_name(settings)), keep=keep)


def cluster_hub(settings: ServerSettings, cluster: Cluster, limits: "ClusterLimits") -> Callable[..., Hub]:
    """Return what makes the hub of a node: as `Hub`. Call `join` then."""
    from hangd.rooms.clustered.hub import ClusterHub

    since = time.time()
    info = partial(_info, settings, cluster.node, since)
    return partial(ClusterHub, cluster=cluster, limits=limits, info=info)


async def join(
    hub: Hub,
    cluster: Cluster,
    trust: TrustService,
    bring_keys_together: Callable[[], Coroutine[Any, Any, None]] | None,
) -> None:
    """Join the cluster.

    Args:
        hub: which `cluster_hub` has made.
        bring_keys_together: that of `hangd.server.clustered.keys.SharedKeys`. None: the nodes share a database.

    Raises:
        StartFailed: Redis cannot be reached, or is not what it should be.
    """
    from hangd.rooms.clustered.hub import ClusterHub

    assert isinstance(hub, ClusterHub)
    trust.share(bring_keys_together, hub.tell_store_changed, SharedPairing(cluster))
    hub.store_changed = trust.look_soon
    hub.write_back = bring_keys_together
    try:
        await hub.join()
    except ClusterFailed as failed:
        raise StartFailed(f"the cluster cannot be joined: {failed}") from failed


def _info(settings: ServerSettings, node: str, since: float, hub: Hub) -> NodeInfo:
    """Return what the other servers and the administrator are told of this one."""
    return NodeInfo(
        node=node,
        name=node_name(settings),
        since=since,
        version=version(),
        address=", ".join(settings.listen),
        boot=boot_id(),
        clients=hub.client_count,
        rooms=hub.room_count,
        draining=hub.administration.draining,
    )
