/** Questions to the person at the terminal. */
import { createInterface } from 'node:readline';
import { Interrupted, UsageProblem } from './exit-codes.ts';

export interface Asker {
  ask(question: string): Promise<string>;
  askSecret(question: string): Promise<string>;
}

/** Asks on `output`, which is standard error: standard output is for results. */
export function createAsker(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Asker {
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        const lines = createInterface({ input, output, terminal: true });
        let answered = false;
        lines.question(question, (answer) => {
          answered = true;
          lines.close();
          resolve(answer.trim());
        });
        lines.on('SIGINT', () => lines.close());
        lines.on('close', () => {
          if (answered) return;
          output.write('\n');
          reject(new Interrupted(['Nothing was changed.']));
        });
      }),
    askSecret: (question) =>
      new Promise((resolve, reject) => {
        let typed = '';
        output.write(question);
        input.setRawMode(true);
        input.setEncoding('utf8');
        const end = () => {
          input.setRawMode(false);
          input.pause();
          input.off('data', take);
          output.write('\n');
        };
        const take = (characters: string) => {
          const result = typeSecret(typed, characters);
          typed = result.typed;
          if (result.state === 'typing') return;
          end();
          if (result.state === 'done') resolve(typed.trim());
          else reject(new Interrupted(['Nothing was changed.']));
        };
        input.on('data', take);
        input.resume();
      }),
  };
}

/** What keys do to a secret that is typed or pasted in raw mode. Pure. */
export function typeSecret(
  before: string,
  characters: string,
): { typed: string; state: 'typing' | 'done' | 'cancelled' } {
  let typed = before;
  // Pasting may come in brackets, and arrow keys as sequences; neither is part of a token.
  for (const character of characters.replace(/\u001b\[[0-9;]*[A-Za-z~]/g, '')) {
    if (character === '\r' || character === '\n') return { typed, state: 'done' };
    if (character === '\u0003') return { typed: '', state: 'cancelled' };
    if (character === '\u0004') return typed === '' ? { typed, state: 'cancelled' } : { typed, state: 'done' };
    if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1);
    else if (character === '\u0015') typed = '';
    else if (character >= ' ') typed += character;
  }
  return { typed, state: 'typing' };
}

/** Everything from a pipe or file. Throws `UsageProblem` when it is more than `maxBytes`. */
export async function readAll(input: NodeJS.ReadableStream, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) {
      throw new UsageProblem({
        object: 'standard input',
        why: `It is more than ${maxBytes} bytes.`,
        remedy: 'Send only what the command asks for.',
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
