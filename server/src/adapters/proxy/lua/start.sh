#!/bin/sh
# First process of the proxy's container. It settles what differs between the images (Debian's nginx and OpenResty)
# and what a kill -9 leaves behind, then becomes nginx. $1 is the folder of the configuration.
set -eu
umask 077

nginx=$(command -v openresty || command -v nginx || echo /usr/local/openresty/bin/openresty)
run=/run/minicloud
mkdir -p "$run"

# Debian loads the Lua module; in OpenResty it is built in.
: > "$run/modules.conf"
for module in ndk_http_module ngx_http_lua_module; do
  if [ -f "/usr/lib/nginx/modules/$module.so" ]; then
    echo "load_module /usr/lib/nginx/modules/$module.so;" >> "$run/modules.conf"
  fi
done

# As many open files as the engine allows; each connection of a visitor takes up to two.
files=$(ulimit -Hn)
[ "$files" = unlimited ] && files=65536
ulimit -Sn "$files"
connections=32768
[ "$files" -lt "$connections" ] && connections=$files
echo "worker_connections $connections;" > "$run/events.conf"

# Workers write the state, and nobody else reads it.
chown -R nobody /minicloud/state
chmod 0700 /minicloud/state
mkdir -p /minicloud/state/temp

# nginx refuses to start over the socket of one that was killed.
rm -f /minicloud/run/control.sock

exec "$nginx" -e stderr -c "$1/nginx.conf" -g "user nobody $(id -gn nobody);"
