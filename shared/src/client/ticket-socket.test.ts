import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { beforeEach, describe, type TestContext, test } from 'node:test';
import { type ClientOptions, keepAlive, openTicketSocket } from './ticket-socket.ts';

class Fake extends EventEmitter {
  isPaused = false;
  readyState = 1;
  readonly OPEN = 1;
  did: string[] = [];
  readonly opened: [URL, string[], ClientOptions] | undefined;
  constructor(...opened: [URL, string[], ClientOptions] | []) {
    super();
    this.opened = opened.length > 0 ? (opened as [URL, string[], ClientOptions]) : undefined;
  }
  ping(): void {
    this.did.push('ping');
  }
  terminate(): void {
    this.did.push('cut');
  }
}

test('the ticket is in a header, never in the address', () => {
  const socket = openTicketSocket(
    Fake,
    { url: 'https://cloud.example:9443', ca: 'PEM' },
    { path: '/terminals', ticket: 'abc' },
  );
  assert.equal(socket.opened?.[0].href, 'wss://cloud.example:9443/terminals');
  assert.deepEqual(socket.opened?.[1], ['minicloud.v1', 'ticket.abc']);
  assert.equal(socket.opened?.[2].ca, 'PEM');
  assert.equal(socket.opened?.[2].followRedirects, false);
  socket.emit('close');
});

describe('a connection', () => {
  let socket: Fake;
  const after = (t: TestContext, intervals: number) => t.mock.timers.tick(intervals * 1_000);
  const start = (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    keepAlive(socket, 1_000);
  };
  beforeEach(() => {
    socket = new Fake();
  });

  test('that answers is kept', (t) => {
    start(t);
    for (let round = 0; round < 3; round += 1) {
      after(t, 1);
      socket.emit('pong');
    }
    assert.deepEqual(socket.did, ['ping', 'ping', 'ping']);
  });

  test('whose other end is silent is cut', (t) => {
    start(t);
    after(t, 2);
    assert.deepEqual(socket.did, ['ping', 'cut']);
  });

  test('that is held back after it was asked is left alone, and asked anew when it goes on', (t) => {
    start(t);
    after(t, 1);
    socket.isPaused = true;
    after(t, 5);
    socket.isPaused = false;
    after(t, 1);
    assert.deepEqual(socket.did, ['ping', 'ping']);
    after(t, 1);
    assert.deepEqual(socket.did, ['ping', 'ping', 'cut']);
  });

  test('that is not open yet is not asked, and one that closed never again', (t) => {
    start(t);
    socket.readyState = 0;
    after(t, 3);
    socket.readyState = 1;
    socket.emit('close');
    after(t, 3);
    assert.deepEqual(socket.did, []);
  });
});
