# ONLINE [CPUSETS]: takes the CPU with that switch away, says so, and brings it back once its input ends, however the
# test ended. A v1 cpuset loses a CPU that goes away and does not get it back by itself.
trap '' INT TERM HUP
online=$1
cpusets=${2-}
kept=$(mktemp) || exit 1

if [ -n "$cpusets" ]; then
    # a directory comes before those in it, and so it is widened first; the root has what is online
    find "$cpusets" -mindepth 1 -type d | while read -r dir; do
        echo "$dir $(cat "$dir/cpuset.cpus")"
    done >"$kept"
fi

if ! echo 0 >"$online"; then
    rm -f "$kept"
    exit 1
fi
echo away

cat >/dev/null

status=0
echo 1 >"$online" || status=1
while read -r dir cpus; do
    # one that is empty needs nothing, and neither does one that has gone meanwhile
    if [ -n "$cpus" ] && [ -d "$dir" ] && ! echo "$cpus" >"$dir/cpuset.cpus" && [ -d "$dir" ]; then
        status=1
    fi
done <"$kept"
rm -f "$kept"
exit $status
