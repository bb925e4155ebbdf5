/** A reporter for `node --test`: every event that the harness counts or shows, as one line of JSON on standard output. */
import type { TestEvent } from 'node:test/reporters';

/** Marks our lines among whatever else a test process prints. */
export const eventPrefix = '\u0001minicloud-test ';

export interface WireEvent {
  type: 'pass' | 'fail' | 'output' | 'file-end';
  /** Absolute path of the test file. */
  file: string;
  /** True for what Node reports about a file as a whole. */
  whole: boolean;
  name: string;
  nesting: number;
  suite: boolean;
  ms: number;
  skipped: boolean;
  /** `subtestsFailed`, `testCodeFailure`, `hookFailed`, … */
  failure: string;
  /** Lines of the error, or of what the test printed. */
  lines: string[];
}

const empty: WireEvent = {
  type: 'output',
  file: '',
  whole: false,
  name: '',
  nesting: 0,
  suite: false,
  ms: 0,
  skipped: false,
  failure: '',
  lines: [],
};

async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const wire = toWire(event);
    if (wire) yield `${eventPrefix}${JSON.stringify(wire)}\n`;
  }
}

// Node wants a reporter as the default export of its module.
// biome-ignore lint/style/noDefaultExport: see above
export default report;

function toWire(event: TestEvent): WireEvent | undefined {
  if (event.type === 'test:stdout' || event.type === 'test:stderr') {
    return { ...empty, file: fileOf(event.data), lines: event.data.message.replace(/\n$/, '').split('\n') };
  }
  if (event.type === 'test:summary') {
    const file = event.data.file;
    return file ? { ...empty, type: 'file-end', file, ms: event.data.duration_ms } : undefined;
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined;
  const { data } = event;
  const base: WireEvent = {
    ...empty,
    type: event.type === 'test:pass' ? 'pass' : 'fail',
    file: fileOf(data),
    // Node names the file that an event came out of, save for events about the file itself.
    whole: data.nesting === 0 && !('entryFile' in data && data.entryFile),
    name: 'classname' in data && data.classname ? `${data.classname} > ${data.name}` : data.name,
    nesting: data.nesting,
    suite: data.details.type === 'suite',
    ms: data.details.duration_ms,
    skipped: Boolean(data.skip) || Boolean(data.todo),
  };
  if (event.type === 'test:pass') return base;
  const error = event.data.details.error as Error & { failureType?: string };
  return { ...base, failure: error.failureType ?? 'testCodeFailure', lines: errorLines(error.cause ?? error) };
}

function fileOf(data: object): string {
  if ('entryFile' in data && typeof data.entryFile === 'string') return data.entryFile;
  return 'file' in data && typeof data.file === 'string' ? data.file : '';
}

function errorLines(error: unknown): string[] {
  if (!(error instanceof Error)) return String(error).split('\n');
  const [text = '', ...frames] = (error.stack ?? '').split(/\n(?= +at )/);
  const lines = (text.includes(error.message) ? text : error.message).split('\n');
  lines.push(...evidenceOf(error), ...frames.filter((frame) => !/node:internal|node_modules/.test(frame)).slice(0, 8));
  if (error.cause !== undefined)
    lines.push(...errorLines(error.cause).map((line, i) => (i === 0 ? `caused by ${line}` : line)));
  return lines;
}

/** What a `ProblemError` knows besides its message. */
function evidenceOf(error: Error): string[] {
  const problem = 'problem' in error ? error.problem : undefined;
  if (typeof problem !== 'object' || problem === null || !('evidence' in problem)) return [];
  return Array.isArray(problem.evidence) ? problem.evidence.map((line) => `  | ${line}`) : [];
}
