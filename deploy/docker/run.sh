#!/bin/sh
# The agent as a container of the engine that it tells about.
#
# It listens on loopback of the host. To serve other machines, put an address and tokens behind the image's name:
#   --listen 10.0.0.7:5000 --admin-token-file /run/secrets/admin   (and -v FILE:/run/secrets/admin:ro before it)
set -eu
exec docker run --detach --name balancer-agent --restart unless-stopped \
    --network host --pid host --cgroupns host --read-only \
    --cap-drop ALL --cap-add BPF --cap-add PERFMON --cap-add NET_ADMIN --cap-add DAC_OVERRIDE --cap-add SETPCAP \
    --security-opt no-new-privileges --security-opt seccomp=unconfined \
    --ulimit memlock=-1 --ulimit nofile=65536 --memory 256m --pids-limit 64 \
    --volume /var/run/docker.sock:/var/run/docker.sock \
    --volume /sys/fs/cgroup:/sys/fs/cgroup \
    "${BALANCER_AGENT_IMAGE:-balancer-agent:latest}" "$@"
