import type { Services } from '../services.ts';

export function stopLogs({ logs }: Services): void {
  logs.stopAll();
}
