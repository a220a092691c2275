# Waits until its input ends, with the test or by the test's death, and then removes all that an engine has made.
# $1: the engine's network namespace. $2: its directory. Behind them: cgroups that were not there before, and in which the
# engine has made those of its containers.
#
# Its processes are told by where they live, not by name: the engine, its containerd, shims, proxies and host-network
# containers in the namespace that was made for them, the other containers in the cgroups that carry their ids.
cat > /dev/null

cgroups=
for id in $(ls "$2/data/containers" 2> /dev/null); do
    for root in $(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/self/mounts); do
        if [ -d "$root/docker/$id" ]; then
            cgroups="$cgroups $root/docker/$id"
        fi
    done
done

processes() {
    ip netns pids "$1" 2> /dev/null
    for cgroup in $cgroups; do
        cat "$cgroup/cgroup.procs" 2> /dev/null
    done
    # a cgroup that has gone meanwhile is no reason to leave the others alone
    true
}

looks=400
while pids=$(processes "$1") && [ -n "$pids" ]; do
    kill -KILL $pids 2> /dev/null
    sleep 0.05
    looks=$((looks - 1))
    if [ $looks = 0 ]; then
        echo "processes of the private engine do not end: $pids" >&2
        break
    fi
done

for target in $(awk -v dir="$2/" 'index($2, dir) == 1 {print $2}' /proc/self/mounts | sort -r); do
    umount --lazy "$target"
done
for cgroup in $cgroups; do
    # shims and engines remove them too, while they still live
    find "$cgroup" -depth -type d -exec rmdir {} + 2> /dev/null
    if [ -d "$cgroup" ]; then
        echo "cannot remove $cgroup" >&2
    fi
done
if [ -e "/run/netns/$1" ]; then
    ip netns del "$1"
fi
rm -rf "$2"
shift 2
for parent in "$@"; do
    # one that another engine has come to use meanwhile is not empty, and stays
    if [ -d "$parent" ]; then
        rmdir "$parent" 2> /dev/null
    fi
done
