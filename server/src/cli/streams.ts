/** Standard streams as bytes, for commands that pass on what a program reads and writes. */
import type { Readable, Writable } from 'node:stream';

export interface ByteStreams {
  /** Input and output are a terminal. */
  readonly terminal: boolean;
  readonly input: Readable;
  size(): { cols: number; rows: number };
  /** Called when the terminal's size changes; the answer stops it. */
  onResize(listener: () => void): () => void;
  /** Every key goes through as it is, Ctrl-C too; the answer gives the terminal back. */
  takeKeys(): () => void;
  /** Resolves when it was taken: a reader that stops holds the writer back. */
  write(data: Uint8Array, stream: 'stdout' | 'stderr'): Promise<void>;
}

const usual = { cols: 80, rows: 24 };

export function createByteStreams(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  errors: NodeJS.WriteStream,
): ByteStreams {
  return {
    terminal: input.isTTY === true && output.isTTY === true,
    input,
    size: () => ({ cols: output.columns || usual.cols, rows: output.rows || usual.rows }),
    onResize(listener) {
      output.on('resize', listener);
      return () => void output.off('resize', listener);
    },
    takeKeys() {
      if (input.isTTY !== true) return () => {};
      input.setRawMode(true);
      return () => {
        input.setRawMode(false);
        input.pause();
      };
    },
    write: (data, stream) => written(stream === 'stdout' ? output : errors, data),
  };
}

function written(stream: Writable, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()));
  });
}
