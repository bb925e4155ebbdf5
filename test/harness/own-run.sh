#!/bin/sh
# own-run.sh FOLDER COMMAND…: runs a command for which FOLDER is /run/containers. Called in a mount namespace of its own.
# Podman as root keeps the addresses and names of all its networks there, whatever folders it is given.
set -eu
mkdir -p "$1" /run/containers
mount --bind "$1" /run/containers
shift
exec "$@"
