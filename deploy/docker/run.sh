#!/bin/sh
# The agent as a container of the engine that it tells about.
#
# It listens on loopback of the host. Variables AGENT_* of the caller go to the agent, and to the health check of its image,
# which has to know where the agent listens; for other machines than this one:
#   AGENT_LISTEN=10.0.0.7:5000 AGENT_ADMIN_TOKEN_FILE=/etc/balancer-agent/admin run.sh
# Arguments go to the agent alone.
# Kernels before 5.11 want --ulimit memlock=-1 as well.
set -eu
# Engines before 23.0 do not know the two capabilities that SYS_ADMIN was split into. The agent drops all of them once it has started.
case "$(docker version --format '{{.Server.Version}}')" in
    1?.* | 20.* | 22.*) counting="--cap-add SYS_ADMIN" ;;
    *) counting="--cap-add BPF --cap-add PERFMON" ;;
esac
tokens=
if [ -d /etc/balancer-agent ]; then
    tokens="--volume /etc/balancer-agent:/etc/balancer-agent:ro"
fi
settings=$(env | sed -n 's/^\(AGENT_[A-Z_]*\)=.*/--env \1/p')
# shellcheck disable=SC2086
exec docker run --detach --name balancer-agent --restart unless-stopped \
    --network host --pid host --cgroupns host --read-only \
    --cap-drop ALL $counting --cap-add NET_ADMIN --cap-add DAC_OVERRIDE --cap-add SETPCAP \
    --security-opt no-new-privileges --security-opt seccomp=unconfined \
    --memory 256m --pids-limit 64 \
    --volume /var/run/docker.sock:/var/run/docker.sock \
    --volume /sys/fs/cgroup:/sys/fs/cgroup \
    $tokens $settings \
    "${BALANCER_AGENT_IMAGE:-balancer-agent:latest}" "$@"
