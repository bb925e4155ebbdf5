/**
 * A guestbook: entries in the database that the manifest asked for, a counter on its volume, and the release that
 * answers on every page. Small enough to read in one sitting, and what a new server deploys first.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import path from 'node:path';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { type Entry, page } from './page.ts';

const port = 8000;
const release = process.env.MINICLOUD_RELEASE ?? '–';
const counterFile = path.join(process.env.DATA_FOLDER ?? '/data', 'visits');
const longest = { name: 60, message: 500 };
const biggestBody = 16 * 1024;
const shown = 50;

const database = openDatabase();
const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    if (!response.headersSent)
      send(response, 503, 'text/plain', 'The guestbook has no database at the moment. Try again soon.\n');
    else response.destroy();
  });
});
server.listen(port, () => console.log(`guestbook, release ${release}, listens on port ${port}`));
process.on('SIGTERM', drain);
process.on('SIGINT', drain);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://guestbook');
  const route = `${request.method === 'HEAD' ? 'GET' : request.method} ${url.pathname}`;
  switch (route) {
    case 'GET /healthz':
      await (await database).query('SELECT 1');
      return send(response, 200, 'text/plain', 'ok\n');
    case 'GET /':
      return send(response, 200, 'text/html', page({ release, visits: countVisit(), entries: await readEntries() }));
    case 'POST /': {
      const form = new URLSearchParams(await readBody(request));
      const problem = await addEntry(form.get('name'), form.get('message'));
      if (!problem) return redirect(response, '/#entries');
      const view = { release, visits: countVisit(), entries: await readEntries(), problem };
      return send(response, 400, 'text/html', page(view));
    }
    case 'GET /api/entries':
      return json(response, 200, { release, entries: await readEntries() });
    case 'POST /api/entries': {
      const given = parseJson(await readBody(request));
      const problem = await addEntry(given.name, given.message);
      return problem ? json(response, 400, { problem }) : json(response, 201, { release });
    }
    default:
      return send(response, 404, 'text/plain', 'There is nothing here.\n');
  }
}

/** Connects and makes the table; tries for as long as the database takes to come up. */
async function openDatabase(): Promise<Pool> {
  const uri = process.env.DATABASE_URL;
  if (!uri) {
    console.error('DATABASE_URL is not set: deploy with the manifest that asks for a database');
    process.exit(1);
  }
  const pool = createPool({ uri, connectionLimit: 5, charset: 'utf8mb4', connectTimeout: 5000 });
  for (let tries = 1; ; tries++) {
    try {
      await pool.query(
        `CREATE TABLE IF NOT EXISTS entries (
           id INT AUTO_INCREMENT PRIMARY KEY,
           name VARCHAR(${longest.name}) NOT NULL,
           message VARCHAR(${longest.message}) NOT NULL,
           written_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
         )`,
      );
      return pool;
    } catch (error) {
      if (tries % 10 === 1)
        console.error(`waiting for the database: ${error instanceof Error ? error.message : error}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function readEntries(): Promise<Entry[]> {
  const [rows] = await (await database).query<(RowDataPacket & Entry)[]>(
    'SELECT name, message, UNIX_TIMESTAMP(written_at) * 1000 AS at FROM entries ORDER BY id DESC LIMIT ?',
    [shown],
  );
  return rows.map(({ name, message, at }) => ({ name, message, at: Number(at) }));
}

/** Writes an entry; what is wrong with it otherwise. */
async function addEntry(name: unknown, message: unknown): Promise<string | undefined> {
  const values = { name: clean(name), message: clean(message) };
  for (const key of ['name', 'message'] as const) {
    if (values[key] === '') return `Please write a ${key}.`;
    if ([...values[key]].length > longest[key]) return `The ${key} is longer than ${longest[key]} characters.`;
  }
  await (await database).execute('INSERT INTO entries (name, message) VALUES (?, ?)', [values.name, values.message]);
  return undefined;
}

/** Text without control characters other than line ends, and without those that turn the direction of writing. */
function clean(value: unknown): string {
  return typeof value === 'string'
    ? value.replace(/[^\P{Cc}\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
    : '';
}

/** One more visit, kept on the volume; undefined where there is no volume to write to. */
function countVisit(): number | undefined {
  try {
    mkdirSync(path.dirname(counterFile), { recursive: true });
    let visits = 1;
    try {
      visits = (Number.parseInt(readFileSync(counterFile, 'utf8'), 10) || 0) + 1;
    } catch {
      // The first visit finds no file.
    }
    writeFileSync(`${counterFile}.new`, `${visits}\n`);
    renameSync(`${counterFile}.new`, counterFile);
    return visits;
  } catch (error) {
    console.error(`the visit was not counted: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > biggestBody) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

function redirect(response: ServerResponse, to: string): void {
  response.writeHead(303, { location: to }).end();
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Requests under way are answered, then it ends. */
function drain(): void {
  server.close(async () => {
    await Promise.race([database.then((pool) => pool.end()), new Promise((resolve) => setTimeout(resolve, 1000))]);
    process.exit(0);
  });
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 8000).unref();
}
