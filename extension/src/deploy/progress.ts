import type { Operation } from 'minicloud-shared/model/operation';

export interface Progress {
  /** 0 to 100. */
  percent: number;
  /** The step that runs now, with what it is at. */
  message: string;
}

/** How far an operation is. Steps count alike: their durations are not known beforehand. */
export function progressOf({ steps }: Operation): Progress {
  const done = steps.filter(({ state }) => state === 'done').length;
  const running = steps.find(({ state }) => state === 'running') ?? steps.find(({ state }) => state === 'failed');
  const part = running?.state === 'running' ? (running.progress ?? 0) : 0;
  const percent = steps.length > 0 ? Math.round(((done + part) / steps.length) * 100) : 0;
  const place = running ? `${steps.indexOf(running) + 1}/${steps.length}  ${running.title}` : '';
  return { percent, message: running?.detail ? `${place}: ${running.detail}` : place };
}
