/** A walk through the workbench in steps, each of which needs the ones before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import type { Vscode } from '../harness/vscode.ts';
import { takePicture } from './workbench.ts';

/** By the names that they have now: an older name is one that the editor corrects in the file while we write it. */
export const themes = {
  light: 'Light 2026',
  dark: 'Dark 2026',
  contrast: 'Default High Contrast',
};

/** What the workbench is marked with in each. */
const baseClasses: Record<keyof typeof themes, string> = { light: 'vs', dark: 'vs-dark', contrast: 'hc-black' };

export interface Walk {
  page: Page;
  vscode: Vscode;
}

/** The answer makes one step a test. A failure leaves a picture of what was on the screen. */
export function walkSteps(walk: () => Walk): (name: string, go: (walk: Walk) => Promise<void>) => void {
  let broken: string | undefined;
  return (name, go) => {
    test(name, async () => {
      assert.equal(broken, undefined, 'an earlier step failed');
      try {
        await go(walk());
      } catch (error) {
        broken = name;
        await takePicture(walk().page, `failed ${name.replaceAll(/\W+/g, ' ')}`);
        throw error;
      }
    });
  };
}

/** The same moment in three themes; `again` brings back what a change of the theme takes away. */
export async function takePictures({ page, vscode }: Walk, name: string, again?: () => Promise<void>): Promise<void> {
  for (const [short, theme] of Object.entries(themes)) {
    await vscode.configure({ 'workbench.colorTheme': theme });
    await page.locator(`.monaco-workbench.${baseClasses[short as keyof typeof themes]}`).waitFor();
    // Colours fade over; how far is nowhere to be seen.
    await page.waitForTimeout(400);
    await again?.();
    await takePicture(page, `${name}-${short}`);
  }
}
