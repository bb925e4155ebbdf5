/** What may be set as a config var or secret. No value is ever in what these say. */
import { type ConfigKind, configLimits, configNamePattern } from 'minicloud-shared/model/config';
import { ProblemError } from 'minicloud-shared/model/problem';

export interface ToSet {
  name: string;
  value: string;
  kind: ConfigKind;
}

export interface ConfigEdit {
  set: readonly ToSet[];
  unset: readonly string[];
}

/** Throws `invalid_input` for a name or value that can be none, and for a name that is given twice. */
export function checkEdit(app: string, { set, unset }: ConfigEdit): void {
  const seen = new Set<string>();
  for (const name of [...set.map((entry) => entry.name), ...unset]) {
    if (!configNamePattern.test(name))
      throw refused(
        app,
        name,
        'A name is letters, digits and _, does not begin with a digit, and is at most 128 long.',
      );
    if (seen.has(name)) throw refused(app, name, 'It is named twice.', 'Name it once.');
    seen.add(name);
  }
  for (const { name, value } of set) {
    if (/^MINICLOUD_/i.test(name) || name === 'PORT')
      throw refused(app, name, 'It is one of the variables that Minicloud sets.', 'Choose another name.');
    const bytes = Buffer.byteLength(value);
    if (bytes > configLimits.valueBytes)
      throw refused(
        app,
        name,
        `Its value has ${bytes} bytes; the most is ${configLimits.valueBytes}.`,
        'Put what is that long into a volume or the image.',
      );
    if (value.includes('\0') || !value.isWellFormed())
      throw refused(
        app,
        name,
        'Its value holds a NUL or half a character, which no variable can.',
        'Set it as base64 text.',
      );
  }
}

/** Throws `invalid_input` when an app would have more than it may. */
export function checkTotal(app: string, values: ReadonlyMap<string, { value: string }>): void {
  const { names, totalBytes } = configLimits;
  let bytes = 0;
  for (const [name, { value }] of values) bytes += name.length + Buffer.byteLength(value);
  if (values.size <= names && bytes <= totalBytes) return;
  throw new ProblemError({
    code: 'invalid_input',
    what: 'The app would have too many config vars and secrets',
    object: `app ${app}`,
    why: `It would have ${values.size} of together ${bytes} bytes; the most is ${names} of together ${totalBytes}.`,
    still: 'Nothing was changed.',
    remedy: 'Unset what is not needed, or put what is long into a volume or the image.',
  });
}

/** One name has one kind: throws `conflict` where it has the other one already. */
export function checkKind(app: string, { name, kind }: ToSet, known: ConfigKind | undefined): void {
  if (known === undefined || known === kind) return;
  const is = known === 'secret' ? 'a secret' : 'a config var';
  const command = known === 'secret' ? 'secrets' : 'config';
  throw new ProblemError({
    code: 'conflict',
    what: 'The name is taken by the other kind',
    object: `${name} of ${app}`,
    why: `It is ${is} already, and a name is either a config var or a secret.`,
    still: 'Nothing was changed.',
    remedy: `Set it with \`minicloud ${command}:set\`, or unset it first: \`minicloud ${command}:unset ${app} ${name}\`.`,
  });
}

function refused(app: string, name: string, why: string, remedy = 'Correct the name.'): ProblemError {
  return new ProblemError({
    code: 'invalid_input',
    what: 'This can not be set',
    // A name that is none may be a value that was put in its place.
    object: configNamePattern.test(name) ? `${name} of ${app}` : `a name for ${app}`,
    why,
    still: 'Nothing was changed.',
    remedy,
  });
}
