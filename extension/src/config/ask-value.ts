import { configLimits } from 'minicloud-shared/model/config';
import { env, l10n, ThemeIcon, window, workspace } from 'vscode';
import { refusal, textValue } from './words.ts';

/** A value that somebody gave, and where it is from: several lines are not seen again. */
export interface GivenValue {
  value: string;
  from: string;
}

/**
 * Asks for a value without showing it when it is a secret. The box holds one line, as every box of the editor: what has
 * several, such as a key, is taken whole from the clipboard or a file. Undefined when the person stopped.
 */
export function askValue(title: string, secret: boolean): Promise<GivenValue | undefined> {
  const box = window.createInputBox();
  const clipboard = { iconPath: new ThemeIcon('clippy'), tooltip: l10n.t('Take It from the Clipboard, All Lines') };
  const file = { iconPath: new ThemeIcon('file'), tooltip: l10n.t('Take It from a File…') };
  Object.assign(box, {
    ...{ title, password: secret, ignoreFocusOut: true, buttons: [clipboard, file] },
    prompt: secret
      ? l10n.t('It is sent to the server and never shown again. For several lines use the buttons above.')
      : l10n.t('It is sent to the server; what is set now is not read back. For several lines use the buttons above.'),
  });
  return new Promise((resolve) => {
    let reading = false;
    const end = (given?: GivenValue): void => {
      resolve(given);
      box.dispose();
    };
    const take = async (read: () => Promise<GivenValue | undefined>): Promise<void> => {
      // A dialog for files may take the place of the box.
      reading = true;
      const given = await read().catch(() => undefined);
      reading = false;
      const why = given ? refusal(given.value, configLimits.valueBytes, l10n.t) : undefined;
      if (given && !why && given.value !== '') end(given);
      else {
        box.show();
        box.validationMessage = why ?? (given ? l10n.t('There is no text in {0}.', given.from) : undefined);
      }
    };
    box.onDidChangeValue((value) => {
      box.validationMessage = /^-----BEGIN /.test(value)
        ? l10n.t('This box has made one line of several. Take the text from the clipboard with the button above.')
        : refusal(value, configLimits.valueBytes, l10n.t);
    });
    box.onDidAccept(() => {
      if (box.validationMessage) return;
      if (secret && box.value === '') box.validationMessage = l10n.t('A secret has at least one character.');
      else end({ value: box.value, from: '' });
    });
    box.onDidTriggerButton((button) => void take(button === clipboard ? fromClipboard : fromFile));
    box.onDidHide(() => {
      if (!reading) end();
    });
    box.show();
  });
}

async function fromClipboard(): Promise<GivenValue> {
  return { value: textValue(await env.clipboard.readText()), from: l10n.t('the clipboard') };
}

async function fromFile(): Promise<GivenValue | undefined> {
  const [uri] = (await window.showOpenDialog({ canSelectMany: false, openLabel: l10n.t('Take') })) ?? [];
  if (!uri) return undefined;
  const from = uri.path.slice(uri.path.lastIndexOf('/') + 1);
  const { size } = await workspace.fs.stat(uri);
  // Larger ones are refused by their size, without being read.
  const bytes = size > configLimits.valueBytes ? new Uint8Array(size) : await workspace.fs.readFile(uri);
  return { value: textValue(new TextDecoder().decode(bytes)), from };
}
