#!/bin/sh
set -eu
# An nginx that was killed leaves its socket behind, and cannot listen on it again.
rm -f /var/lib/sluice/nginx/status.sock
exec nginx -c "/etc/nginx/edge/${ROUTING:-live}.conf" -g 'daemon off;'
