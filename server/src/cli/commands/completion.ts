import { globalOptions, usage } from '../arguments.ts';
import type { Command } from '../command.ts';
import { completionScript, type Shell, shells } from '../completion.ts';
import { exitCodes } from '../exit-codes.ts';

export const completion: Command = {
  name: 'completion',
  summary: 'print a script that completes words in your shell',
  positionals: [{ name: 'SHELL', required: true, complete: 'shell' }],
  options: {},
  details: [
    'bash: put `source <(minicloud completion bash)` into ~/.bashrc. zsh: `source <(minicloud completion zsh)` into ~/.zshrc. fish: `minicloud completion fish > ~/.config/fish/completions/minicloud.fish`.',
  ],
  json: '{ shell: string, script: string }',
  async run(context) {
    const [word = ''] = context.args.positionals;
    const shell = shells.find((known) => known === word);
    if (!shell) throw usage(completion, word, `The shell is one of ${shells.join(', ')}.`);
    const script = completionScript(shell satisfies Shell, context.commands, globalOptions);
    if (context.json) context.out.json({ shell, script });
    else context.out.raw(script);
    return exitCodes.ok;
  },
};
