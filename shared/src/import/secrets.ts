/**
 * What does not belong into a file, as an importer sees it: wider than the rule of the editor, because here nobody has
 * looked at the value yet, and a name that is listed once too often costs less than a password in a repository.
 */
import { looksLikeSecret, namedLikeSecret } from '../manifest/mask.ts';

const secretName =
  /(^|[_.-])(PASS(WORD|WD|PHRASE|CODE)?|PWD|SECRETS?|TOKENS?|(API|APP|ACCESS|AUTH|ENC(RYPTION)?|JWT|MASTER|PRIVATE|SECRET|SIGNING|LICEN[CS]E|SERVICE|STORAGE|SSH|TLS|SSL)?_?KEYS?(_?(BASE|ID))?|SALT|PEPPER|CREDENTIALS?|DSN|COOKIE|WEBHOOK_?URL|AUTH)([_.-]|\d*$)/i;
/** `DATABASEPASSWORD`, `dbPassword`, `apiKey`. */
const secretNamePart = /passw(or)?d|passphrase|apikey|secretkey|accesskey|privatekey|authtoken|accesstoken/i;
const harmlessName =
  /PUBLIC|PUBLISHABLE|(^|_)(MAX|MIN|NUM)_|_(FILE|PATH|DIR|TTL|EXPIRY|EXPIRES?(_IN)?|EXPIRATION|LIFETIME|AGE|TIMEOUT|INTERVAL|DAYS|HOURS|MINUTES|SECONDS|MS|LENGTH|SIZE|LIMIT|COUNT|PORT|ENABLED|NAME|HEADER|ALGORITHM|ALG|TYPE|ROUNDS|ITERATIONS|COST)$/i;
/** A switch, or nothing. Digits are none, and what begins with a slash is no path: passwords and keys are such too. */
const harmlessValue = /^(|true|false|yes|no|on|off|null|none)$/i;

/** The bound on a scheme keeps long texts that have none from being gone through again from each of their words. */
const credentials = [
  // https://datatracker.ietf.org/doc/html/rfc3986#section-3.2.1: userinfo before the host, with or without a password.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@"']+@/i,
  // What stands after the host's colon and is no port: a password whose end is missing.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:[\]"']+:(?![\d$]|$)/i,
  /[?&;\s,"'](password|passwd|pwd|pass|secret|token|api_?key|access_?key|auth|sig(nature)?)\s*=\s*[^&;\s]/i,
  /^\s*(password|pwd)\s*=/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(Bearer|Basic)\s+[A-Za-z0-9+/=._-]{8,}/,
];

const flagWord =
  '[\\w.-]*(password|passwd|passphrase|requirepass|masterauth|secret|token|api[-_]?key|access[-_]?key|auth[-_]?key)';
const secretFlag = new RegExp(`^-{1,2}${flagWord}$`, 'i');
/** Before a path that follows without a dash or a sign the word may be a program: `make-token /etc/app`. */
const joinedSecret = new RegExp(
  `(^|[\\s;&|"'])(-${flagWord}[=\\s]+|${flagWord}(\\s*=\\s*|\\s+(?!/)))(?![-$&|;<>]|\\s)\\S`,
  'i',
);

/** True when the value of a variable is to be given to the server instead of being written down. */
export function isSecret(name: string, value: string): boolean {
  if (holdsSecret(value)) return true;
  return isSecretName(name) && !isHarmless(value);
}

/** True when a variable's name says that its value is one to hide. */
export function isSecretName(name: string): boolean {
  return (
    !harmlessName.test(name) &&
    (secretName.test(name) || secretNamePart.test(name) || namedLikeSecret(name, 'unknown value'))
  );
}

/** True when a text has a key, a token or a password somewhere inside. */
export function holdsSecret(text: string): boolean {
  return (
    credentials.some((form) => form.test(text)) ||
    text.split(/[\s"'`,;=]+/).some(looksLikeSecret) ||
    looksLikeSecret(text)
  );
}

/** True when one of the arguments of a command is a secret, or the one before it says so: `--password hunter2`. */
export function commandHoldsSecret(argv: readonly string[]): boolean {
  return argv.some((argument, index) => {
    const before = argv[index - 1];
    if (before !== undefined && secretFlag.test(before) && !/^[-$]/.test(argument) && !isHarmless(argument))
      return true;
    return holdsSecret(argument) || joinedSecret.test(argument);
  });
}

function isHarmless(value: string): boolean {
  return harmlessValue.test(value.trim());
}
