/** Waiting for one answer of the server, with a sign of life. */
import type { Context } from './command.ts';
import { Interrupted } from './exit-codes.ts';
import { createLive } from './live.ts';
import { frameMs, spin } from './progress.ts';
import { cut, styled } from './text.ts';
import { elapsed } from './time.ts';

/**
 * Shows `text` until `work` is done, and `hint` too when it takes longer than three seconds. Ctrl-C aborts the signal
 * that `work` gets and throws `Interrupted` with `interrupted` as what to say.
 */
export async function waiting<T>(
  context: Context,
  words: { text: string; hint: string; interrupted: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { err } = context;
  const began = context.now();
  const live = err.live ? createLive(err) : undefined;
  const draw = () => {
    const past = context.now() - began;
    const hint = past > 3_000 ? `  ${words.hint}` : '';
    const time = past > 1_000 ? `  ${elapsed(past)}` : '';
    live?.draw([
      [styled('cyan', spin(context.now(), err.unicode)), cut(` ${words.text}${time}${hint}`, err.columns - 2)],
    ]);
  };
  const timer = live && setInterval(draw, frameMs);
  const off = context.onInterrupt(() => controller.abort(new Interrupted([words.interrupted])));
  try {
    draw();
    return await Promise.race([
      work(controller.signal),
      new Promise<never>((_, reject) =>
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true }),
      ),
    ]);
  } finally {
    clearInterval(timer);
    off();
    live?.clear();
  }
}
