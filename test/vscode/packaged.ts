/** The workbench as somebody has it who installed the extension: the packaged one, in a VS Code of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageExtension } from 'minicloud/package.ts';
import {
  openWorkbench,
  startVscode,
  type Vscode,
  type VscodeOptions,
  type WorkbenchOptions,
} from '../harness/vscode.ts';
import { themes, type Walk } from './steps.ts';

export interface PackagedOptions
  extends Pick<VscodeOptions, 'workspaceTrust'>,
    Pick<WorkbenchOptions, 'width' | 'height'> {
  theme: keyof typeof themes;
  /** Milliseconds for each action in it; 60,000 when not told. */
  patienceMs?: number;
}

export interface Packaged extends Walk {
  close(): Promise<void>;
}

/** Opens this folder. The first picture is in the given theme. */
export async function openPackaged(folder: string, options: PackagedOptions): Promise<Packaged> {
  const { theme, workspaceTrust, patienceMs = 60_000, ...size } = options;
  const packed = await mkdtemp(path.join(tmpdir(), 'minicloud-packed-'));
  let vscode: Vscode | undefined;
  const end = async (): Promise<void> => {
    await vscode?.stop();
    await rm(packed, { recursive: true, force: true });
  };
  try {
    vscode = await startVscode({
      vsix: [await packageExtension(packed)],
      settings: { 'workbench.colorTheme': themes[theme] },
      ...(workspaceTrust ? { workspaceTrust } : {}),
    });
    const workbench = await openWorkbench(vscode, { folder, ...size });
    workbench.page.setDefaultTimeout(patienceMs);
    return { page: workbench.page, vscode, close: () => workbench.close().finally(end) };
  } catch (error) {
    await end();
    throw error;
  }
}
