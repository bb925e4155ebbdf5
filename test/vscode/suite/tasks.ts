import assert from 'node:assert/strict';
import { Disposable, languages, type Task, type TaskExecution, tasks, type Uri, workspace } from 'vscode';
import { codesOf, minicloud, openManifest, until, withServer } from './host.ts';
import type { HostTest } from './index.ts';

const manifest = (port: number): string =>
  `name: tasked\nimage: docker.io/library/nginx:1.29\nexpose:\n- proto: http\n  port: ${port}\n`;

async function taskOf(uri: Uri): Promise<Task> {
  const all = await tasks.fetchTasks({ type: 'minicloud' });
  const path = workspace.asRelativePath(uri);
  const task = all.find(({ definition }) => definition.manifest === path);
  assert.ok(task, `no task for ${uri.path} among ${all.map(({ name }) => name)}`);
  return task;
}

/** Runs a task to its end. Its exit code is 0 for a deploy that is live. */
async function run(task: Task): Promise<number | undefined> {
  let exitCode: number | undefined;
  let listening: Disposable | undefined;
  const ended = new Promise<void>((resolve) => {
    const isOurs = ({ execution }: { execution: TaskExecution }): boolean => execution.task.name === task.name;
    listening = Disposable.from(
      tasks.onDidEndTaskProcess((event) => {
        if (isOurs(event)) exitCode = event.exitCode;
      }),
      tasks.onDidEndTask((event) => isOurs(event) && resolve()),
    );
  });
  try {
    await tasks.executeTask(task);
    await ended;
    await until(() => exitCode !== undefined, 'its exit code is told');
    return exitCode;
  } finally {
    listening?.dispose();
  }
}

export const taskTests: Record<string, HostTest> = {
  'every manifest has a deploy task, which plans, deploys and ends with 0': () =>
    withServer('tasks', async (serverId) => {
      const { services } = await minicloud();
      const uri = await openManifest('task', manifest(80));
      assert.equal(await run(await taskOf(uri)), 0);
      const live = services.connections.get(serverId);
      const [release] = (await live?.api.releases.list.query({ app: 'tasked' })) ?? [];
      assert.equal(release?.state, 'current');
    }),
  'a manifest with an error ends its task with 1, and nothing is deployed': () =>
    withServer('tasks', async (serverId) => {
      const { services } = await minicloud();
      const uri = await openManifest('task-wrong', manifest(70_000).replace('tasked', 'untasked'));
      assert.equal(await run(await taskOf(uri)), 1);
      const apps = await services.connections.get(serverId)?.api.apps.list.query();
      assert.ok(apps && !apps.some(({ name }) => name === 'untasked'));
    }),
  'why a deploy failed stands among the problems of the open manifest; an error of it stands there once': () =>
    withServer('tasks', async () => {
      const failed = await openManifest('task-failed', manifest(80).replace('tasked', 'ailing'));
      assert.equal(await run(await taskOf(failed)), 1);
      const failures = () => languages.getDiagnostics(failed).filter(({ source }) => source === 'minicloud task');
      await until(() => failures().length === 1, 'the failure among the problems');
      assert.match(failures()[0]?.message ?? '', /could not start the container/);
      const wrong = await openManifest('task-once', manifest(70_000).replace('tasked', 'untasked'));
      await until(() => codesOf(wrong).includes('manifest/port-range'), 'the error in the editor');
      assert.equal(await run(await taskOf(wrong)), 1);
      // What the task writes is read a moment after it.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.deepEqual(codesOf(wrong), ['manifest/port-range']);
    }),
  'a file that has no task any more is not an error': async () => {
    await until(async () => (await tasks.fetchTasks({ type: 'minicloud' })).length > 0, 'tasks of this workspace');
  },
};
