import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLive } from './live.ts';
import { createScreen } from './screen.ts';
import { createTerminalDouble } from './terminal-double.ts';

function setUp(columns = 40, rows = 10) {
  const terminal = createTerminalDouble(columns, rows);
  const screen = createScreen(terminal, { TERM: 'xterm' });
  return { terminal, screen, live: createLive(screen) };
}

test('a frame replaces the one before it, also when it is shorter', () => {
  const { terminal, screen, live } = setUp();
  screen.print(['before']);
  live.draw([['one'], ['two'], ['three']]);
  live.draw([['uno'], ['d']]);
  assert.deepEqual(terminal.seen(), ['before', 'uno', 'd']);
});

test('clearing leaves nothing, finishing leaves the last frame, both give the cursor back', () => {
  const { terminal, screen, live } = setUp();
  live.draw([['one'], ['two']]);
  assert.equal(terminal.cursorHidden(), true);
  live.clear();
  assert.equal(terminal.cursorHidden(), false);
  screen.print(['after']);
  assert.deepEqual(terminal.seen(), ['after']);
  live.draw([['x']]);
  live.finish([['done']]);
  screen.print(['end']);
  assert.deepEqual(terminal.seen(), ['after', 'done', 'end']);
  assert.equal(terminal.cursorHidden(), false);
});

test('a terminal that becomes narrower, and wraps the frame, shows one frame and not the rest of another', () => {
  const { terminal, screen, live } = setUp(40);
  screen.print(['before']);
  live.draw([['a'.repeat(38)], ['b'.repeat(30)]]);
  terminal.resize(20, 10);
  live.draw([['a'.repeat(19)], ['b'.repeat(19)]]);
  assert.deepEqual(terminal.seen(), ['before', 'a'.repeat(19), 'b'.repeat(19)]);
  terminal.resize(60, 10);
  live.draw([['a'.repeat(50)]]);
  assert.deepEqual(terminal.seen(), ['before', 'a'.repeat(50)]);
});

test('text in a frame can not move the cursor', () => {
  const { terminal, live } = setUp();
  live.draw([['up \u001b[5A\u001b[2J\rdown\u0007']]);
  assert.deepEqual(terminal.seen(), ['up down']);
});

test('a frame is written at once, so that no half of it is ever seen', () => {
  const writes: string[] = [];
  const terminal = createTerminalDouble();
  const write = terminal.write;
  terminal.write = (text) => {
    writes.push(text);
    return write(text);
  };
  const live = createLive(createScreen(terminal, { TERM: 'xterm' }));
  live.draw([['one'], ['two']]);
  live.draw([['three'], ['four']]);
  assert.equal(writes.length, 2);
});
