/** An operation while it runs: frames for a terminal, lines for a log. Pure. */
import type { Operation, OperationStep } from 'minicloud-shared/model/operation';
import { operationEnded } from 'minicloud-shared/model/operation';
import { cut, type Line, type Span, styled, width } from './text.ts';
import { duration, elapsed } from './time.ts';

export interface Progress {
  operation: Operation;
  /** Steps that will come, from the plan. */
  planned: readonly { id: string; title: string }[];
  /** What the person should know now: the connection is lost, the server was asked to cancel. */
  notice: string | undefined;
  /** Milliseconds that our clock is ahead of the server's. */
  ahead: number;
}

export interface FrameSize {
  columns: number;
  rows: number;
  unicode: boolean;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const plainSpinner = ['|', '/', '-', '\\'];
/** Milliseconds for each picture of the spinner. */
export const frameMs = 100;

/** A spinner's picture at a moment. */
export function spin(now: number, unicode: boolean): string {
  const pictures = unicode ? spinner : plainSpinner;
  return pictures[Math.floor(now / frameMs) % pictures.length] ?? '';
}

/** The picture at `now`: no line wider than the terminal, no more lines than it has rows. */
export function frame(progress: Progress, now: number, size: FrameSize): Line[] {
  const { operation, notice } = progress;
  const since = operation.startedAt ?? operation.createdAt;
  const past = operation.finishedAt === undefined ? now - progress.ahead - since : operation.finishedAt - since;
  const head = spread([styled('bold', headline(operation))], styled('dim', elapsed(past)), size.columns);
  const foot: Line[] = notice === undefined ? [] : [[styled('yellow', cut(`  ${notice}`, size.columns))]];
  const steps = stepsOf(progress);
  const room = Math.max(1, size.rows - 2 - foot.length);
  return [head, ...visibleSteps(steps, room, size).map((step) => stepLine(step, progress, now, size)), ...foot];
}

/** Lines for a log: what changed between two looks at the operation. */
export function changedLines(before: Operation | undefined, after: Operation): Line[] {
  const known = new Map(before?.steps.map((step) => [step.id, step.state]));
  const lines: Line[] = before ? [] : [[headline(after)]];
  for (const step of after.steps) {
    if (step.state === 'waiting' || known.get(step.id) === step.state) continue;
    const took = step.ms === undefined ? '' : `  ${duration(step.ms)}`;
    lines.push([`  ${logWords[step.state].padEnd(7)}  ${step.title}${took}`]);
  }
  return lines;
}

const verbs: Record<Operation['kind'], string> = {
  deploy: 'Deploying',
  rollback: 'Rolling back',
  delete: 'Deleting',
  converge: 'Repairing',
};
const logWords: Record<OperationStep['state'], string> = {
  waiting: '',
  running: 'started',
  done: 'done',
  failed: 'failed',
};

function headline(operation: Operation): string {
  const release = operation.release === undefined ? '' : `, release ${operation.release}`;
  const waits = operation.state === 'queued' ? ' (waits for earlier work on it)' : '';
  return `${verbs[operation.kind]} ${operation.app}${release}${waits}`;
}

type Shown = OperationStep | { folded: number };

/** The steps so far and, while it runs, the planned ones that have not begun. */
function stepsOf({ operation, planned }: Progress): OperationStep[] {
  const known = new Set(operation.steps.map((step) => step.id));
  const coming = operationEnded[operation.state] ? [] : planned.filter((step) => !known.has(step.id));
  return [...operation.steps, ...coming.map(({ id, title }): OperationStep => ({ id, title, state: 'waiting' }))];
}

/** What is done folds into one line first, then what is still to come is left out. */
function visibleSteps(steps: OperationStep[], room: number, { rows }: FrameSize): Shown[] {
  if (steps.length <= room || rows === Number.POSITIVE_INFINITY) return steps;
  const done = steps.findIndex((step) => step.state !== 'done');
  const finished = done === -1 ? steps.length : done;
  const fold = Math.min(finished, steps.length - room + 1);
  if (fold < 2) return steps.slice(0, room);
  return [{ folded: fold }, ...steps.slice(fold)].slice(0, room);
}

function stepLine(step: Shown, { ahead }: Progress, now: number, size: FrameSize): Line {
  if ('folded' in step) return ['  ', mark('done', now, size), styled('dim', ` ${step.folded} steps are done`)];
  const time =
    step.ms !== undefined
      ? duration(step.ms)
      : step.state === 'running' && step.startedAt !== undefined
        ? elapsed(now - ahead - step.startedAt)
        : '';
  const left: Span[] = [
    styled(undefined, '  '),
    mark(step.state, now, size),
    styled(step.state === 'waiting' ? 'dim' : undefined, ` ${step.title}`),
  ];
  if (step.state === 'running' && step.detail) left.push(styled('dim', `  ${step.detail}${percent(step.progress)}`));
  return spread(left, styled('dim', time), size.columns);
}

function percent(progress: number | undefined): string {
  return progress === undefined ? '' : ` (${Math.round(Math.max(0, Math.min(1, progress)) * 100)} %)`;
}

function mark(state: OperationStep['state'], now: number, { unicode }: FrameSize): Span {
  switch (state) {
    case 'running':
      return styled('cyan', spin(now, unicode));
    case 'done':
      return styled('green', unicode ? '✓' : 'v');
    case 'failed':
      return styled('red', unicode ? '✗' : 'x');
    case 'waiting':
      return styled('dim', unicode ? '·' : '.');
  }
}

const widestFrame = 100;

/** Left part, cut where it must be, and the right part at the edge. One column stays free: some terminals wrap at the last. */
function spread(left: readonly Span[], right: Span, columns: number): Line {
  const limit = Math.min(columns - 1, widestFrame);
  let room = limit - (right.text === '' ? 0 : width(right.text) + 1);
  const parts: Span[] = [];
  for (const span of left) {
    const text = cut(span.text, Math.max(0, room));
    parts.push({ ...span, text });
    room -= width(text);
  }
  if (right.text === '') return parts;
  return [...parts, ' '.repeat(Math.max(1, room + 1)), right];
}
