#!/bin/sh
# The first process of the namespace that nginx and Sluice share. It outlives both, so that a restart of one does not end the other.
set -eu

# The first set of files, so that nginx can start before Sluice does. Later ones are Sluice's own business.
[ -e /var/lib/sluice/include/current ] || sluice render --write >/dev/null

touch /tmp/ready
trap 'exit 0' TERM INT
# `wait` also takes in whatever process lost its parent, which is the duty of a first process.
while :; do
  sleep 3600 &
  wait $! || :
done
