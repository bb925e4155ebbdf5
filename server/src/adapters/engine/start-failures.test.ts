/** Words of engines that the contract suite does not meet here: without an init, as Podman, or of other versions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerProblem } from './docker-problems.ts';
import { initFailure, startFailure } from './start-failures.ts';

const said: [string, RegExp][] = [
  [
    'runc create failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
    /no program nosuch/,
  ],
  ['unable to start container process: exec: "/a": stat /a: no such file or directory: unknown', /no program \/a in/],
  ['unable to start container process: exec: "/a": permission denied: unknown', /\/a in the image can not be executed/],
  ['standard_init_linux.go:228: exec user process caused: exec format error', /not for this kind of machine/],
  ['chdir to cwd ("/w") set in config.json failed: permission denied: unknown', /working directory \/w is no folder/],
  [
    'error mounting "/var/lib/x/_data" to rootfs at "/sys": cannot be mounted',
    /VOLUME over a folder of the system \(\/sys\)/,
  ],
];

for (const [words, why] of said)
  test(words.slice(0, 60), () => assert.match(startFailure(words)?.why ?? 'nothing', why));

test('failures of the engine itself are not blamed on the image', () => {
  for (const words of [
    'mkdir /var/lib/docker/overlay2/x: permission denied',
    'failed to create shim task: context deadline exceeded',
    'cannot allocate memory',
  ])
    assert.equal(startFailure(words), undefined, words);
});

test('a failure of a container names the image only where a container was asked for', () => {
  const attempt = { verb: 'start the container', object: 'container a' };
  const error = new Error('unable to find user x: no matching entries in passwd file');
  assert.equal(dockerProblem(error, attempt, 'container').problem.code, 'image_unusable');
  assert.equal(dockerProblem(error, attempt).problem.code, 'engine_failed');
});

test('what an app prints is not taken for what the init says', () => {
  assert.equal(initFailure(['exec failed: No such file or directory', 'sh: 1: x: not found']), undefined);
  assert.match(initFailure(['[FATAL tini (7)] exec /a failed: Exec format error'])?.why ?? '', /not for this kind/);
  assert.match(
    initFailure(['ERROR (catatonit:2): failed to exec pid1: No such file or directory'])?.why ?? '',
    /no such program in the image/,
  );
});
