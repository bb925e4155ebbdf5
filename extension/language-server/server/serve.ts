import { ErrorCodes, type MessageConnection, ResponseError } from 'vscode-jsonrpc/node';
import type {
  DidChangeConfigurationParams,
  DidChangeTextDocumentParams,
  DidCloseTextDocumentParams,
  DidOpenTextDocumentParams,
  InitializeParams,
  InitializeResult,
  ServerCapabilities,
} from 'vscode-languageserver-protocol';
import { createDocuments } from './documents.ts';
import { handlers } from './handlers.ts';
import { errorCodes, textDocumentSyncKind } from './numbers.ts';
import {
  type FactsParams,
  type FilesParams,
  factsMethod,
  filesMethod,
  type InitializationOptions,
  type LiveParams,
  liveMethod,
  type SourcesParams,
  sourcesMethod,
  type ToldParams,
  toldMethod,
} from './protocol.ts';
import { defaultSettings, readSettings } from './settings.ts';

/** What becomes of the process that serves; given from outside, so that tests serve in their own. */
export interface Lifecycle {
  /** The editor said who it is; without it this process has no reason to live. */
  initialized(processId: number | null): void;
  /** The last message. `orderly` is false when no shutdown came before it. */
  exit(orderly: boolean): void;
}

/** Requests of the protocol name their document; what is asked again about an answer has it in the answer's data. */
interface Addressed {
  textDocument?: { uri: string };
  data?: { uri?: string };
  uri?: string;
}

type State = 'new' | 'running' | 'shut down';

const capabilities: ServerCapabilities = Object.assign(
  { textDocumentSync: { openClose: true, change: textDocumentSyncKind.Incremental } },
  ...handlers.map(({ capability }) => capability),
);

/**
 * Answers every request of a connection from the service. Knows no network, no file and no token. What a handler throws
 * is an answer too: the connection makes an error of it and goes on.
 */
export function serve(connection: MessageConnection, lifecycle: Lifecycle): void {
  const documents = createDocuments();
  let state: State = 'new';
  let settings = defaultSettings;
  let refreshes = false;
  let refreshesHints = false;

  const refresh = (): void => {
    // An editor that is closing need not answer.
    if (refreshes) connection.sendRequest('workspace/diagnostic/refresh').catch(() => {});
    if (refreshesHints) connection.sendRequest('workspace/inlayHint/refresh').catch(() => {});
  };
  /** Requests before the first and after the last one are refused, as the protocol wants it. */
  const onRequest = <Params>(method: string, answer: (params: Params) => unknown): void => {
    connection.onRequest(method, (params: Params) => {
      if (state === 'new') throw new ResponseError(errorCodes.ServerNotInitialized, 'The server is not initialized.');
      if (state === 'shut down') throw new ResponseError(ErrorCodes.InvalidRequest, 'The server is shut down.');
      return answer(params);
    });
  };
  const onNotification = <Params>(method: string, take: (params: Params) => void): void => {
    connection.onNotification(method, (params: Params) => {
      if (state === 'running') take(params);
    });
  };

  connection.onRequest('initialize', (params: InitializeParams): InitializeResult => {
    if (state !== 'new') throw new ResponseError(ErrorCodes.InvalidRequest, 'The server is initialized already.');
    state = 'running';
    settings = readSettings(settings, params.initializationOptions as InitializationOptions | undefined);
    refreshes = params.capabilities?.workspace?.diagnostics?.refreshSupport === true;
    refreshesHints = params.capabilities?.workspace?.inlayHint?.refreshSupport === true;
    lifecycle.initialized(params.processId ?? null);
    return { capabilities, serverInfo: { name: 'minicloud' } };
  });
  onRequest('shutdown', () => {
    state = 'shut down';
    return null;
  });
  connection.onNotification('exit', () => lifecycle.exit(state === 'shut down'));
  connection.onClose(() => lifecycle.exit(state === 'shut down'));

  for (const { method, answer, closed } of handlers) {
    onRequest(method, (params: Addressed) => {
      const open = documents.get(params.textDocument?.uri ?? params.data?.uri ?? params.uri ?? '');
      return open ? answer({ ...open, settings }, params as never) : closed;
    });
  }

  onNotification<DidOpenTextDocumentParams>('textDocument/didOpen', (params) => documents.opened(params));
  onNotification<DidChangeTextDocumentParams>('textDocument/didChange', (params) => documents.changed(params));
  onNotification<DidCloseTextDocumentParams>('textDocument/didClose', (params) => documents.closed(params));
  onNotification<FactsParams>(factsMethod, ({ uri, facts, server }) => {
    if (documents.setFacts(uri, facts, server)) refresh();
  });
  onNotification<LiveParams>(liveMethod, ({ uri, live }) => documents.setLive(uri, live));
  onNotification<FilesParams>(filesMethod, ({ uri, files }) => documents.setFiles(uri, files));
  onNotification<ToldParams>(toldMethod, ({ uri, diagnostics }) => documents.setTold(uri, diagnostics));
  onNotification<SourcesParams>(sourcesMethod, ({ uri, sources }) => {
    if (documents.setSources(uri, sources)) refresh();
  });
  onNotification<DidChangeConfigurationParams>('workspace/didChangeConfiguration', (params) => {
    const next = readSettings(settings, params.settings);
    const changed = JSON.stringify(next) !== JSON.stringify(settings);
    settings = next;
    if (changed) refresh();
  });

  connection.listen();
}
