/** A server that signs its own certificate, over real TLS. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { describeError } from 'minicloud-shared/client/describe-error';
import { connectApi } from './api.ts';
import { fetchTrusting, readAuthority } from './trusting-fetch.ts';

describe('a server with an authority of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'minicloud-tls-'));
  const at = (name: string): string => join(folder, name);
  let server: Server;
  let url: string;

  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

  before(async () => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Home authority');
    openssl('req', ...key, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=127.0.0.1');
    writeFileSync(at('leaf.ext'), 'subjectAltName=IP:127.0.0.1\n');
    openssl(
      'x509',
      '-req',
      '-in',
      'leaf.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'leaf.pem',
      '-days',
      '2',
      '-extfile',
      'leaf.ext',
    );
    const cert = readFileSync(at('leaf.pem'), 'utf8') + readFileSync(at('ca.pem'), 'utf8');
    server = createServer({ key: readFileSync(at('leaf.key')), cert }, (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => response.setHeader('x-method', request.method ?? '').end(`got ${body}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address && typeof address === 'object');
    url = `https://127.0.0.1:${address.port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('it is not trusted by itself, and the reason is told', async () => {
    const error = await connectApi({ name: 'home', url }, async () => 'token')
      .system.info.query()
      .catch((thrown: unknown) => thrown);
    assert.match(describeError(error, 'home').why, /not trusted/);
  });

  test('its authority is shown with the fingerprint that openssl shows', async () => {
    const authority = await readAuthority(url);
    assert.equal(authority.subject, 'Home authority');
    const shown = execFileSync('openssl', ['x509', '-in', at('ca.pem'), '-noout', '-fingerprint', '-sha256'], {
      encoding: 'utf8',
    });
    assert.ok(shown.includes(authority.fingerprint), `${shown} is not ${authority.fingerprint}`);
  });

  test('with that authority it answers, body and status and all', async () => {
    const { pem } = await readAuthority(url);
    const answer = await fetchTrusting(pem)(url, { method: 'POST', body: 'hello' });
    assert.deepEqual([answer.status, answer.headers.get('x-method'), await answer.text()], [200, 'POST', 'got hello']);
  });

  test('another authority is no help, and a cancelled request ends', async () => {
    const { pem } = await readAuthority(url);
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'o.key',
      '-out',
      'other.pem',
      '-subj',
      '/CN=Other',
    );
    await assert.rejects(fetchTrusting(readFileSync(at('other.pem'), 'utf8'))(url));
    await assert.rejects(fetchTrusting(pem)(url, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});
