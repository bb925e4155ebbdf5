/** Tokens: in the editor's secret storage and nowhere else. Without a working keyring they last for the session. */

/** The part of VS Code's SecretStorage that is used. */
export interface Secrets {
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

export interface TokenStore {
  get(serverId: string): Promise<string | undefined>;
  /** Tells how long it will last: storage that doesn't give back what it was given is no storage. */
  set(serverId: string, token: string): Promise<'kept' | 'session'>;
  delete(serverId: string): Promise<void>;
}

export function createTokenStore(secrets: Secrets): TokenStore {
  const session = new Map<string, string>();
  const key = (serverId: string): string => `token:${serverId}`;
  return {
    async get(serverId) {
      const held = session.get(serverId);
      if (held !== undefined) return held;
      try {
        return await secrets.get(key(serverId));
      } catch {
        return undefined;
      }
    },
    async set(serverId, token) {
      session.delete(serverId);
      try {
        await secrets.store(key(serverId), token);
        if ((await secrets.get(key(serverId))) === token) return 'kept';
      } catch {
        // A locked or missing keyring: the session's copy below is what remains.
      }
      session.set(serverId, token);
      return 'session';
    },
    async delete(serverId) {
      session.delete(serverId);
      try {
        await secrets.delete(key(serverId));
      } catch {
        // Nothing was kept then.
      }
    },
  };
}
