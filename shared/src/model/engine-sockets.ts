/** Where a container engine of this machine listens. */

/**
 * Paths of Unix sockets to try, in this order: that of DOCKER_HOST alone, or Docker, Podman, and those of the user.
 * Undefined when DOCKER_HOST names an engine that is reached in another way.
 */
export function engineSockets(env: Readonly<Record<string, string | undefined>>): readonly string[] | undefined {
  const { DOCKER_HOST: host, XDG_RUNTIME_DIR: own } = env;
  if (host) return host.startsWith('unix://') ? [host.slice('unix://'.length)] : undefined;
  return [
    '/var/run/docker.sock',
    '/run/podman/podman.sock',
    ...(own ? [`${own}/docker.sock`, `${own}/podman/podman.sock`] : []),
  ];
}
