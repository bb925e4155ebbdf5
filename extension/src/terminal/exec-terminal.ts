import { describeError } from 'minicloud-shared/client/describe-error';
import type { TerminalSize } from 'minicloud-shared/model/terminal';
import { type Disposable, EventEmitter, l10n, type Terminal, type TerminalDimensions, ThemeIcon, window } from 'vscode';
import type { LiveServer } from '../servers/connections.ts';
import { openSocket } from '../servers/open-socket.ts';
import { createExecSession } from './exec-session.ts';

export interface ExecTarget {
  live: LiveServer;
  app: string;
  process: string;
  /** From 1; the server chooses when none is named. */
  replica?: number | undefined;
}

/** Terminals into replicas. All end with the editor's window. */
export interface ExecTerminals extends Disposable {
  open(target: ExecTarget): void;
}

export function createExecTerminals(): ExecTerminals {
  const open = new Set<Disposable>();
  const closed = window.onDidCloseTerminal((terminal) => void open.delete(terminal));
  return {
    open(target) {
      const terminal = openTerminal(target);
      open.add(terminal);
      terminal.show();
    },
    dispose() {
      closed.dispose();
      for (const terminal of open) terminal.dispose();
      open.clear();
    },
  };
}

function openTerminal({ live, app, process, replica }: ExecTarget): Terminal {
  const written = new EventEmitter<string>();
  const closed = new EventEmitter<void>();
  const session = createExecSession({
    ticket: (size) =>
      live.api.terminals.open.mutate({ app, process, ...(replica === undefined ? {} : { replica }), ...size }),
    socket: (ticket) => openSocket(live.server, ticket),
    problem: (error) => describeError(error, live.server.name),
    write: (text) => written.fire(text),
    closed: () => closed.fire(),
    t: l10n.t,
  });
  return window.createTerminal({
    name: `${app}: ${process}${replica === undefined ? '' : `.${replica}`}`,
    iconPath: new ThemeIcon('cloud'),
    isTransient: true,
    pty: {
      onDidWrite: written.event,
      onDidClose: closed.event,
      open: (size: TerminalDimensions | undefined) => void session.start(sizeOf(size)),
      handleInput: session.input,
      setDimensions: (size: TerminalDimensions) => session.resize(sizeOf(size)),
      close() {
        session.end();
        written.dispose();
        closed.dispose();
      },
    },
  });
}

/** What the editor measured, within what the server takes. */
function sizeOf(size: TerminalDimensions | undefined): TerminalSize {
  const within = (value: number): number => Math.min(1000, Math.max(1, Math.round(value)));
  return { cols: within(size?.columns ?? 80), rows: within(size?.rows ?? 24) };
}
