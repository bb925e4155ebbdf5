import type { Operation } from 'minicloud-shared/model/operation';

export interface Progress {
  /** 0 to 100; 0 while it is not known how many steps there will be. */
  percent: number;
  /** The step that runs now, with what it is at. */
  message: string;
}

/**
 * How far an operation is. It tells its steps as they begin, so how many there will be comes from its plan. Steps count
 * alike: their durations are not known beforehand.
 */
export function progressOf({ steps }: Operation, planned?: number): Progress {
  const done = steps.filter(({ state }) => state === 'done').length;
  const current = steps.findLast(({ state }) => state === 'running' || state === 'failed');
  const part = current?.state === 'running' ? (current.progress ?? 0) : 0;
  const total = planned === undefined ? undefined : Math.max(planned, steps.length);
  const count = current && total ? `${steps.indexOf(current) + 1}/${total}  ` : '';
  const message = [current?.title, current?.detail].filter(Boolean).join(': ');
  return { percent: total ? Math.round(((done + part) / total) * 100) : 0, message: `${count}${message}` };
}
