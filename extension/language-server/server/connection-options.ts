import type { ConnectionOptions } from 'vscode-jsonrpc/node';

import { errorCodes } from './numbers.ts';

/**
 * A request that was cancelled while it waited is never worked on. Handlers answer in a few milliseconds and don't wait,
 * so that is the only moment at which cancelling saves anything.
 */
export const connectionOptions: ConnectionOptions = {
  connectionStrategy: {
    // The connection puts the number of the request in.
    cancelUndispatched: () => ({
      jsonrpc: '2.0',
      id: null,
      error: { code: errorCodes.RequestCancelled, message: 'The request was cancelled.' },
    }),
  },
};
