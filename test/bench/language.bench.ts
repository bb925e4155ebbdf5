/**
 * The manifest language server beside `yaml-language-server` with the JSON Schema that is made from the same source:
 * the same file, the same edits, both as programs of their own over their standard streams, on the same Node.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { manifestJsonSchema } from 'minicloud-shared/manifest/json-schema';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { root } from './bundled.ts';
import { atMost, type BenchRow, median } from './row.ts';

const starts = 7;
const keystrokes = 200;
/** In turns, so that what else the machine does meets both. */
const completionRounds = 6;
const completionsARound = 15;
/** Theirs waits for a fifth of a second on purpose; two hundred of that would only take long. */
const theirKeystrokes = 20;
const answerMs = 10_000;
const mostKeystrokeMs = 5;
/** A frame: later than this, a list is seen to come. */
const mostCompletionMs = 16;
const mostStartMs = 150;
const mostMemoryMb = 60;

interface Server {
  connection: MessageConnection;
  pid: number;
  readyMs: number;
  stop(): Promise<void>;
}

export async function run(): Promise<BenchRow[]> {
  const { buildExtension } = (await import(pathToFileURL(path.join(root, 'extension/build.ts')).href)) as {
    buildExtension(): Promise<unknown>;
  };
  await buildExtension();
  const home = await mkdtemp(path.join(tmpdir(), 'minicloud-bench-'));
  const schema = path.join(home, 'schema.json');
  await writeFile(schema, JSON.stringify(manifestJsonSchema()));
  const programs = {
    ours: [path.join(root, 'extension/dist/language-server.cjs'), '--stdio'],
    theirs: [createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server'), '--stdio'],
  };
  const begin = (program: string[]) => startServer(program, home, pathToFileURL(schema).href);
  try {
    const ready = { ours: [] as number[], theirs: [] as number[] };
    for (let round = 0; round < starts; round += 1) {
      for (const name of ['ours', 'theirs'] as const) {
        const server = await begin(programs[name]);
        ready[name].push(server.readyMs);
        await server.stop();
      }
    }
    const [ours, theirs] = [await begin(programs.ours), await begin(programs.theirs)];
    try {
      const uri = pathToFileURL(path.join(home, 'cloud_manifest.yml')).href;
      const [own, other] = [session(ours.connection, uri), session(theirs.connection, uri)];
      const keystroke = [await own.pulled(keystrokes), await other.pushed(theirKeystrokes)] as const;
      const completion: [number[], number[]] = [[], []];
      for (let round = 0; round < completionRounds; round += 1) {
        completion[0].push(...(await own.completed(completionsARound)));
        completion[1].push(...(await other.completed(completionsARound)));
      }
      const memory = [anonymousMb(ours.pid), anonymousMb(theirs.pid)] as const;
      return [
        row('keystroke to diagnostics, 100 lines, p50', median(keystroke[0]), median(keystroke[1]), mostKeystrokeMs),
        row('completion of a key, 100 lines, p50', median(completion[0]), median(completion[1]), mostCompletionMs),
        row('ready after its start, best of several', Math.min(...ready.ours), Math.min(...ready.theirs), mostStartMs),
        atMost({
          name: 'memory of its own after that',
          unit: 'MB',
          value: memory[0],
          reference: memory[1],
          most: mostMemoryMb,
        }),
      ];
    } finally {
      await Promise.all([ours.stop(), theirs.stop()]);
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function row(name: string, value: number, reference: number, most: number): BenchRow {
  return atMost({ name, unit: 'ms', value, reference, most });
}

async function startServer(program: string[], folder: string, schema: string): Promise<Server> {
  const began = performance.now();
  const child = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'ignore'] });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const yaml = {
    validate: true,
    completion: true,
    hover: true,
    schemaStore: { enable: false },
    schemas: { [schema]: '*' },
  };
  connection.onRequest('workspace/configuration', ({ items }: { items: { section: string }[] }) =>
    items.map(({ section }) => (section === 'yaml' ? yaml : {})),
  );
  // Whatever else a server asks of its editor here is of no consequence.
  connection.onRequest(() => null);
  connection.listen();
  const workspace = { configuration: true, diagnostics: { refreshSupport: false } };
  const textDocument = { completion: { completionItem: { snippetSupport: true } }, publishDiagnostics: {} };
  const rootUri = pathToFileURL(folder).href;
  await within(
    connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri,
      capabilities: { workspace, textDocument },
    }),
  );
  const readyMs = performance.now() - began;
  await connection.sendNotification('initialized', {});
  return {
    connection,
    pid: child.pid ?? 0,
    readyMs,
    async stop() {
      const closed = new Promise((resolve) => child.once('close', resolve));
      connection.dispose();
      child.kill('SIGTERM');
      await closed;
    },
  };
}

const variables = Array.from({ length: 94 }, (_, index) => `  KEY_${index}: value ${index}`);
const lines = ['name: shop', 'expose:', '- port: 80', '', 'env:', ...variables, ''];

/** One open manifest, edited. */
function session(connection: MessageConnection, uri: string) {
  let version = 1;
  let published: ((count: number) => void) | undefined;
  connection.onNotification('textDocument/publishDiagnostics', (report: { diagnostics: unknown[] }) => {
    published?.(report.diagnostics.length);
  });
  const opened = connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'yaml', version, text: lines.join('\n') },
  });
  /** A port that is none, and one that is one again, by turns. */
  const edit = async (): Promise<boolean> => {
    await opened;
    version += 1;
    const faulty = version % 2 === 0;
    const range = { start: { line: 2, character: 8 }, end: { line: 2, character: faulty ? 10 : 13 } };
    const contentChanges = [{ range, text: faulty ? '70000' : '80' }];
    await connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges });
    return faulty;
  };
  const timed = async (count: number, ask: () => Promise<void>): Promise<number[]> => {
    const times: number[] = [];
    for (let round = 0; round < count; round += 1) {
      const began = performance.now();
      await within(ask());
      times.push(performance.now() - began);
    }
    return times;
  };
  return {
    pulled: (count: number) =>
      timed(count, async () => {
        const faulty = await edit();
        const { items } = await connection.sendRequest<{ items: unknown[] }>('textDocument/diagnostic', {
          textDocument: { uri },
        });
        if (items.length > 0 !== faulty) throw new Error('the diagnostics are not those of the edit');
      }),
    pushed: (count: number) =>
      timed(count, async () => {
        let faulty = false;
        const said = new Promise<void>((resolve) => {
          published = (found) => {
            if (found > 0 === faulty) resolve();
          };
        });
        // The edit tells which report is meant; an older one that comes late is of the other kind.
        faulty = version % 2 === 1;
        await edit();
        await said;
      }),
    completed: (count: number) =>
      timed(count, async () => {
        const found = await connection.sendRequest<{ items?: unknown[] } | { label: string }[]>(
          'textDocument/completion',
          {
            textDocument: { uri },
            position: { line: lines.length - 1, character: 0 },
          },
        );
        const items = (Array.isArray(found) ? found : (found.items ?? [])) as { label: string }[];
        if (!items.some(({ label }) => label === 'image')) throw new Error('the key is not offered');
      }),
  };
}

/** What only this process has; the pages of Node itself are shared with other programs. */
function anonymousMb(pid: number): number {
  const kilobytes = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error('the kernel does not tell RssAnon');
  return Number(kilobytes) / 1024;
}

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${answerMs} ms`)), answerMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
