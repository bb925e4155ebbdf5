import {
  CustomExecution,
  type Disposable,
  l10n,
  Task,
  type TaskDefinition,
  TaskGroup,
  TaskScope,
  tasks,
  Uri,
  type WorkspaceFolder,
  workspace,
} from 'vscode';
import type { Services } from '../services.ts';
import { createDeployTerminal } from './deploy-task.ts';
import { manifestGlob } from './manifest-source.ts';

interface DeployTask extends TaskDefinition {
  type: 'minicloud';
  task: 'deploy';
  /** Path of the manifest in its folder. */
  manifest?: string;
}

/**
 * What the editor says of an open manifest by itself is not said again; why a deploy failed, nobody else says. The first
 * that reads a line has it.
 */
const problemMatchers = ['$minicloud-failure', '$minicloud'];

const defaultManifest = 'cloud_manifest.yml';
const mostManifests = 50;

/** `minicloud: deploy`, one for each manifest of the workspace. */
export function createDeployTasks(services: Services): Disposable {
  const taskOf = (definition: DeployTask, scope: WorkspaceFolder): Task => {
    const manifest = definition.manifest ?? defaultManifest;
    const name = manifest === defaultManifest ? 'deploy' : `deploy ${manifest}`;
    const uri = Uri.joinPath(scope.uri, manifest);
    const run = new CustomExecution(async () => createDeployTerminal(services, uri));
    const task = new Task(definition, scope, name, 'minicloud', run, problemMatchers);
    task.detail = l10n.t('Plans and deploys {0}', manifest);
    task.group = TaskGroup.Build;
    task.presentationOptions = { clear: true };
    return task;
  };
  return tasks.registerTaskProvider('minicloud', {
    async provideTasks() {
      const found = await workspace.findFiles(manifestGlob, '**/node_modules/**', mostManifests);
      return found.flatMap((uri) => {
        const scope = workspace.getWorkspaceFolder(uri);
        if (!scope) return [];
        const manifest = uri.path.slice(scope.uri.path.length + 1);
        return [taskOf({ type: 'minicloud', task: 'deploy', manifest }, scope)];
      });
    },
    resolveTask({ definition, scope }) {
      if (definition.task !== 'deploy' || scope === TaskScope.Global || scope === undefined) return undefined;
      const folder = scope === TaskScope.Workspace ? workspace.workspaceFolders?.[0] : scope;
      return folder && taskOf(definition as DeployTask, folder);
    },
  });
}
