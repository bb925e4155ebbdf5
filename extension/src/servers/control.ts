/** What comes out of a socket. */

/**
 * A text message of a socket. What a newer server says beyond the known `types` is undefined: it is passed over, not
 * refused. Its content is the server's word, as every answer of the API is.
 */
export function controlMessage<Message extends { type: string }>(
  bytes: Buffer,
  types: readonly Message['type'][],
): Message | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    const known = typeof value === 'object' && value !== null && 'type' in value && types.some((t) => t === value.type);
    return known ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** A message as bytes, however the socket handed them over. */
export function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
