import { commands, window } from 'vscode';

/** Tells something with the one command to go on with. For what went wrong there is `showError`. */
export async function offer(
  words: string,
  button: string,
  command: string,
  show: (words: string, button: string) => Thenable<string | undefined> = window.showInformationMessage,
): Promise<void> {
  if ((await show(words, button)) === button) await commands.executeCommand(command);
}
