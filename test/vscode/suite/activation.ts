import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { TestApi } from 'minicloud/src/extension.ts';
import type { Disposable, ExtensionContext } from 'vscode';
import { closeEditors, minicloud } from './host.ts';
import type { HostTest } from './index.ts';

const rounds = 12;
const mostMs = 50;

/** Processor time; of this thread alone where Node can tell. */
const spent = (process.threadCpuUsage ?? process.cpuUsage).bind(process);

interface Bundle {
  activate(context: ExtensionContext): TestApi | undefined;
}

/** Last of the suite: the extension is taken down and made again, as often as `rounds` says. */
export const activationTests: Record<string, HostTest> = {
  'activation reads and runs its bundle in 50 ms, opens no socket, and leaves nothing behind': async () => {
    const { services } = await minicloud();
    await closeEditors();
    const { context } = services;
    disposeAll(context.subscriptions.splice(0) as Disposable[]);
    const file = join(context.extensionPath, 'dist', 'extension.cjs');
    const require = createRequire(file);
    const sockets = countSockets();
    const times: number[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        const subscriptions: Disposable[] = [];
        const own = contextWith(context, subscriptions);
        delete require.cache[file];
        const before = spent();
        const api = (require(file) as Bundle).activate(own);
        const { user, system } = spent(before);
        times.push((user + system) / 1000);
        assert.ok(api, 'it was not activated');
        // A command that is registered twice throws: whatever an earlier round left would be found here.
        disposeAll(subscriptions);
      }
    } finally {
      sockets.restore();
    }
    assert.equal(sockets.opened(), 0, 'activation opened a socket');
    // Of its own thread, and the best of several: what the others do on this machine isn't its fault.
    assert.ok(Math.min(...times) < mostMs, `activate() took ${times.map(Math.round)} ms`);
  },
};

function disposeAll(parts: Disposable[]): void {
  for (const part of parts.reverse()) part.dispose();
}

/** The same context, with a list of its own of what is to be disposed. */
function contextWith(context: ExtensionContext, subscriptions: Disposable[]): ExtensionContext {
  return Object.create(context, { subscriptions: { value: subscriptions } }) as ExtensionContext;
}

function countSockets(): { opened(): number; restore(): void } {
  const { connect } = Socket.prototype;
  let opened = 0;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    opened += 1;
    return Reflect.apply(connect, this, args) as Socket;
  };
  return {
    opened: () => opened,
    restore: () => {
      Socket.prototype.connect = connect;
    },
  };
}
