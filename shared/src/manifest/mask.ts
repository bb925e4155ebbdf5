/** What of a value may be shown. A value that looks like a key is never shown in full, wherever it stands. */

/** A value as it appears in a message: cut to 40 characters, masked when it looks like a key, made visible. */
export function showValue(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  const shown = looksLikeSecret(value) ? maskValue(value) : value.length > 40 ? `${value.slice(0, 40)}…` : value;
  return JSON.stringify(visible(shown));
}

/** `sk_l… (32 characters)`: enough to recognise it, nothing to use. Short values show nothing at all. */
export function maskValue(value: string): string {
  return `${value.length >= 16 ? value.slice(0, 4) : ''}… (${value.length} characters)`;
}

const keyForms: readonly RegExp[] = [
  /^(sk|pk|rk)_(live|test)_[0-9A-Za-z]{10,}/,
  /^(ghp|gho|ghu|ghs|ghr|github_pat)_[0-9A-Za-z_]{20,}/,
  /^gl(pat|cbt|dt|rt|soat)-[0-9A-Za-z_-]{16,}/,
  /^(AKIA|ASIA)[0-9A-Z]{16}$/,
  /^AIza[0-9A-Za-z_-]{30,}$/,
  /^xox[abeprs]-[0-9A-Za-z-]{10,}/,
  /^SG\.[0-9A-Za-z_-]{16,}\./,
  /^(npm|dop_v1|hf|shpat|sbp|mc)_[0-9A-Za-z_]{20,}$/,
  /^sk-[0-9A-Za-z_-]{20,}$/,
  /^whsec_[0-9A-Za-z+/=]{16,}$/,
  /^eyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*$/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:[^/@\s]{3,}@/i,
];

/** True for values that have the form of a key, a token, a private key or a URL with a password in it. */
export function looksLikeSecret(value: string): boolean {
  if (value.length < 12 || value.length > 100_000) return false;
  return keyForms.some((form) => form.test(value)) || looksRandom(value);
}

/** True when a variable's name says that its value is one to hide and the value is long enough to be one. */
export function namedLikeSecret(name: string, value: string): boolean {
  if (
    !/(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|SECRET_KEY(_BASE)?|ACCESS_KEY)$/i.test(name)
  ) {
    return false;
  }
  // Digits alone and what begins with a slash are passwords and keys too; the names of files end otherwise.
  return value.length >= 6;
}

/** A line of a manifest with everything that looks like a key starred out, character for character. */
export function maskLine(line: string): string {
  const named = /^(\s*(?:- )?["']?([A-Za-z_]\w*)["']?\s*:\s+)(\S.*)$/.exec(line);
  if (named && namedLikeSecret(named[2] ?? '', (named[3] ?? '').replace(/^["']|["']$/g, ''))) {
    return `${named[1]}${stars(named[3] ?? '')}`;
  }
  const open = line.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----.*/, stars);
  const flow = open.replace(/([A-Za-z_]\w*)(["']?\s*:\s*)("[^"]*"|'[^']*'|[^\s,}\]]+)/g, (all, name, colon, value) =>
    namedLikeSecret(name, value.replace(/^["']|["']$/g, '')) ? `${name}${colon}${stars(value)}` : all,
  );
  return flow.replace(/[^\s"'{},[\]]+/g, (word) => (looksLikeSecret(word) ? stars(word) : word));
}

/** Control and direction-changing characters replaced, so that text from a manifest can not act on a terminal. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
}

function stars(text: string): string {
  return text.replace(/[^"']/g, '*');
}

/** Long, mixed and without words: at least 24 of the base64 alphabet, all three kinds, high entropy. */
function looksRandom(value: string): boolean {
  if (!/^[0-9A-Za-z+/=_-]{24,200}$/.test(value)) return false;
  if (!/[0-9]/.test(value) || !/[a-z]/.test(value) || !/[A-Z]/.test(value)) return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / value.length) * Math.log2(count / value.length);
  return entropy >= 4 && !/[/_-].*[/_-].*[/_-]/.test(value);
}
