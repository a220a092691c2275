# Waits until its input ends, with the test or by the test's death, and then ends what runs in a cgroup and removes it
# with those below it. $1: its directory.
cat > /dev/null

looks=200
while [ -d "$1" ] && [ $looks != 0 ]; do
    for pid in $(find "$1" -name cgroup.procs -exec cat {} + 2> /dev/null); do
        kill -KILL "$pid" 2> /dev/null
    done
    # not yet where one that was killed still ends
    find "$1" -depth -type d -exec rmdir {} + 2> /dev/null || sleep 0.05
    looks=$((looks - 1))
done
