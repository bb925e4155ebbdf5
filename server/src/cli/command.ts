/** What a command is: data for parsing, help and completion, and what it does. */
import type { Api, ApiOptions } from './api.ts';
import type { Screen } from './screen.ts';
import type { ByteStreams } from './streams.ts';
import type { Target } from './target.ts';

export interface Option {
  type: 'boolean' | 'string';
  short?: string;
  /** May be given more than once. */
  multiple?: boolean;
  /** Word for its value in help: `IMAGE`. */
  value?: string;
  /** The only values it takes. */
  choices?: readonly string[];
  /** What completion offers for its value. */
  complete?: Completes;
  help: string;
}

export type Completes = 'app' | 'folder' | 'file' | 'command' | 'shell' | 'none';

export interface Positional {
  /** `NAME` in help. */
  name: string;
  required: boolean;
  /** Takes all that follow. */
  many?: boolean;
  complete: Completes;
}

export interface Command {
  name: string;
  /** One line, lower case, without a full stop. */
  summary: string;
  positionals: readonly Positional[];
  options: Readonly<Record<string, Option>>;
  /** Paragraphs of its help. */
  details: readonly string[];
  /** Shape of what `--json` prints. */
  json: string;
  examples?: readonly string[];
  /** It changes something: carried to its end though nobody reads any more, as its exit code says what came of it. */
  finishes?: boolean;
  /** Its exit code: one of `exitCodes`, or that of the program which it ran. */
  run(context: Context): Promise<number>;
}

/** What was on the command line, checked against the command. */
export interface Arguments {
  positionals: string[];
  /** True when the switch is on. */
  has(option: string): boolean;
  text(option: string): string | undefined;
  list(option: string): string[];
}

/** The world as commands see it; `main.ts` makes it from the process, tests from pieces. */
export interface Io {
  out: Screen;
  err: Screen;
  env: NodeJS.ProcessEnv;
  cwd: string;
  home: string;
  now(): number;
  /** True when a person can be asked: standard input and standard error are a terminal. */
  interactive: boolean;
  /** A line typed after the question; rejects with `Interrupted` at Ctrl-C. */
  ask(question: string): Promise<string>;
  /** As `ask`, without showing what is typed. */
  askSecret(question: string): Promise<string>;
  /** For commands that pass bytes on as they are. */
  streams: ByteStreams;
  /** All of standard input, at most `maxBytes`. */
  readInput(maxBytes: number): Promise<string>;
  /** Calls `handler` instead of ending at Ctrl-C; the answer gives that back. */
  onInterrupt(handler: () => void): () => void;
}

export interface Context extends Io {
  args: Arguments;
  json: boolean;
  /** Every command, for `help` and `completion`. */
  commands: readonly Command[];
  version: string;
  /** The server that is meant; throws when none is known. */
  target(): Promise<Target>;
  /** A connection to it; throws when there is no token. */
  api(options?: ApiOptions): Promise<Api>;
}
