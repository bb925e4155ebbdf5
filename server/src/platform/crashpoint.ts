/**
 * Points at which a test can kill the companion: `MINICLOUD_CRASHPOINT=deploy.switch-routes:after` ends the process
 * there as `kill -9` would. Not armed, a point costs one string comparison.
 */
const armed = process.env.MINICLOUD_CRASHPOINT ?? '';

export function crashpoint(name: string): void {
  if (armed === '' || armed !== name) return;
  process.kill(process.pid, 'SIGKILL');
  // SIGKILL is delivered asynchronously; nothing after this line may run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
