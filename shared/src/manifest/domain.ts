/** Domain names: what people write, turned into the one lower-case ASCII form that routes and certificates use. */

export type DomainResult =
  | { ok: true; name: string }
  | {
      ok: false;
      /** A sentence part that follows the name: `has an empty part between two dots`. */
      why: string;
      /** A good name that was probably meant. */
      suggestion?: string;
    };

const probe = { written: '.ü', ascii: '.xn--tda' };
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The punycode form of a domain name, or why it is none. `*.name` is a wildcard. The rules are applied to the OUTPUT of
 * the URL parser, which by itself lets `evil.com;` and `a..b.com` pass and turns 2130706433 into 127.0.0.1.
 */
export function normalizeDomain(text: string): DomainResult {
  const refused = (why: string): DomainResult => {
    const suggestion = suggestDomain(text);
    return suggestion === undefined ? { ok: false, why } : { ok: false, why, suggestion };
  };
  if (text === '') return { ok: false, why: 'is empty' };
  if (text.length > 1000) return { ok: false, why: 'is longer than 253 characters' };
  if (/\p{Cf}|\p{Cc}/u.test(text)) return { ok: false, why: 'has an invisible character' };
  if (/\s/u.test(text)) return refused('has a space');
  if (text.includes('://')) return refused('is a URL; only the name goes here');
  const bad = /[^\p{L}\p{N}\p{M}.。．*_-]/u.exec(text);
  if (bad) return refused(`has the character "${bad[0]}"`);
  const wildcard = text.startsWith('*.');
  const bare = wildcard ? text.slice(2) : text;
  if (bare.includes('*')) return refused('has a "*" somewhere else than as its first part');
  const ascii = toAscii(bare);
  if (ascii === undefined) return refused('can not be written as a domain name');
  return checkAscii(ascii, wildcard, refused);
}

function checkAscii(name: string, wildcard: boolean, refused: (why: string) => DomainResult): DomainResult {
  if (name.length + (wildcard ? 2 : 0) > 253) return refused('is longer than 253 characters');
  if (name.endsWith('.')) return refused('ends in a dot');
  const labels = name.split('.');
  if (labels.includes('')) return refused('has an empty part between two dots');
  const last = labels[labels.length - 1] ?? '';
  if (/^(\d+|0x[0-9a-f]*)$/.test(last)) return refused('is an address or a number, not a name');
  if (labels.length < 2 && wildcard)
    return { ok: false, why: `stands for every name under ${name}, of whatever app`, suggestion: `*.app.${name}` };
  if (labels.length < 2) return refused('has only one part; a domain has at least two, such as shop.example.com');
  for (const part of labels) {
    if (part.includes('_')) return refused('has an underscore, which host names can not have');
    if (part.length > 63) return refused('has a part longer than 63 characters');
    if (!label.test(part)) return refused(`has the part "${part}", which starts or ends with "-"`);
  }
  return { ok: true, name: wildcard ? `*.${name}` : name };
}

/** UTS 46 through the URL parser, which is the only implementation that every runtime has. */
function toAscii(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (/^[a-z0-9._-]*$/.test(lower) && !lower.includes('xn--')) return lower;
  try {
    // A name that is ASCII already is let pass as it is; one part in another script makes every part be checked.
    const host = new URL(`http://${lower}${probe.written}/`).hostname;
    return host.endsWith(probe.ascii) ? host.slice(0, -probe.ascii.length) : undefined;
  } catch {
    return undefined;
  }
}

function suggestDomain(text: string): string | undefined {
  const stripped = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .replace(/:\d*$/, '')
    .replace(/\.+$/, '');
  if (stripped === text || stripped.includes('://')) return undefined;
  const result = normalizeDomain(stripped);
  return result.ok ? result.name : undefined;
}
