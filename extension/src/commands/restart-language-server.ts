import type { Services } from '../services.ts';

export async function restartLanguageServer({ language }: Services): Promise<void> {
  await language.restart();
}
