export interface PortPair {
  localPort: number;
  targetPort: number;
}

const highest = 65_535;
/** Below it a port may need rights that the editor does not have. */
const firstOpen = 1024;

/** The port of this machine for one there: the same where it may be had, else above 8000: 80 is 8080, 443 is 8443. */
export function localPortFor(port: number): number {
  return port >= firstOpen ? port : port + 8000;
}

/** `9229` or `9000:9229` (here:there); undefined for anything else. */
export function parsePorts(text: string): PortPair | undefined {
  const match = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text.trim());
  const targetPort = portOf(match?.[2]);
  if (targetPort === undefined) return undefined;
  const localPort = match?.[1] === undefined ? localPortFor(targetPort) : portOf(match[1]);
  return localPort === undefined ? undefined : { localPort, targetPort };
}

function portOf(text: string | undefined): number | undefined {
  const port = Number(text);
  return port >= 1 && port <= highest ? port : undefined;
}
