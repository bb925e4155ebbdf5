/** Joins a TCP connection of this machine and a WebSocket of the server: bytes, ends and back-pressure both ways. */
import type { Socket } from 'node:net';
import type { ForwardReply } from 'minicloud-shared/model/forward';
import type { Problem } from 'minicloud-shared/model/problem';
import type { WebSocket } from 'ws';
import { bytesOf, controlMessage } from '../servers/control.ts';

/** Bytes that may wait to be sent before the local side is held back. */
const mostWaiting = 1024 * 1024;

/** `told` is called at most once, with what the server said went wrong; not for connections that ended well. */
export function join(local: Socket, remote: WebSocket, told: (problem: Problem) => void): void {
  // Nothing is read until the other end stands: it would have nowhere to go.
  local.pause();
  remote.on('message', (data, isBinary) => {
    const bytes = bytesOf(data);
    if (!isBinary) {
      const reply = controlMessage<ForwardReply>(bytes, ['connected', 'end', 'problem']);
      if (reply?.type === 'connected') local.resume();
      else if (reply?.type === 'end') local.end();
      else if (reply) {
        told(reply.problem);
        local.resetAndDestroy();
      }
      return;
    }
    if (local.destroyed || local.write(bytes)) return;
    remote.pause();
    local.once('drain', () => remote.resume());
  });
  remote.on('close', () => {
    // What was received is written first where its end was told; otherwise the connection broke.
    if (local.writableEnded) local.destroySoon();
    else local.destroy();
  });
  remote.on('error', () => local.destroy());

  local.on('data', (chunk) => {
    if (remote.readyState !== remote.OPEN) return;
    remote.send(chunk, { binary: true }, () => {
      if (remote.bufferedAmount < mostWaiting && local.isPaused()) local.resume();
    });
    if (remote.bufferedAmount >= mostWaiting) local.pause();
  });
  local.on('end', () => {
    if (remote.readyState === remote.OPEN) remote.send(JSON.stringify({ type: 'end' }));
  });
  local.on('close', () => remote.close());
  local.on('error', () => remote.close());
  // Gone while the other end was being asked for.
  if (local.destroyed) remote.close();
}
