# ONLINE [CPUSETS]: takes the CPU with that switch away, says so, and brings it back once its input ends, however the
# test ended. A v1 cpuset loses a CPU that goes away and does not get it back by itself.
trap '' INT TERM HUP
online=$1
cpusets=${2-}
kept=$(mktemp) || exit 1

if [ -n "$cpusets" ]; then
    # parents come before what is in them, and so they are widened first
    find "$cpusets" -name cpuset.cpus | while read -r file; do
        echo "$file $(cat "$file")"
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
while read -r file cpus; do
    # one that has gone meanwhile, or was never set, needs nothing
    if [ -n "$cpus" ] && [ -e "$file" ]; then
        echo "$cpus" 2>/dev/null >"$file"
    fi
done <"$kept"
rm -f "$kept"
exit $status
