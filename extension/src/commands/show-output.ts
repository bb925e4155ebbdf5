import type { Services } from '../services.ts';

export function showOutput({ output }: Services): void {
  output.show();
}
