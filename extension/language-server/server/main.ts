/** Entry of the language server's process: standard LSP over Node IPC, or whatever transport the arguments name. */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './serve.ts';

serve(createConnection(ProposedFeatures.all));
