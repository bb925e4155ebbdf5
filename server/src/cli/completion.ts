/** Completion scripts made from the table of commands. */
import type { Command, Completes, Option } from './command.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];
type Options = Readonly<Record<string, Option>>;

export function completionScript(shell: Shell, commands: readonly Command[], globals: Options): string {
  const scripts = { bash, zsh, fish };
  return scripts[shell](commands, globals);
}

/**
 * Names come from a server, and shells expand what they complete: only what can be an app's name passes.
 * `(command)` is the whole: a list, one a line.
 */
const appNames = "minicloud apps --names 2>/dev/null | command grep -E '^[a-z][a-z0-9-]{0,39}$'";

function bash(commands: readonly Command[], globals: Options): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.map((command) => {
    const options = { ...command.options, ...globals };
    const values = Object.entries(options)
      .filter(([, option]) => option.type === 'string')
      .map(
        ([name, option]) =>
          `        ${flags(name, option).join('|')}) ${bashWords(option.choices, option.complete)} ;;`,
      );
    const positional = command.positionals.at(0);
    return `    ${command.name})
      case "$previous" in
${values.join('\n')}
        *)
          if [[ $current == -* ]]; then list='${Object.entries(options)
            .flatMap(([name, option]) => flags(name, option))
            .join(' ')}'
          else ${bashWords(undefined, positional?.complete, names)}; fi ;;
      esac ;;`;
  });
  return `# Completion of minicloud for bash: source <(minicloud completion bash)
_minicloud() {
  local line="\${COMP_LINE:0:COMP_POINT}" current previous command='' word skip='' list='' index
  local -a words
  # By spaces and not by bash's own rule, which breaks "apps:info" at the colon.
  read -ra words <<< "$line"
  [[ $line == *' ' ]] && words+=('')
  current="\${words[\${#words[@]}-1]}"
  previous="\${words[\${#words[@]}-2]}"
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    word="\${words[index]}"
    if [[ -n $skip ]]; then skip=''
    elif [[ $word == --api-url ]]; then skip=1
    elif [[ $word != -* ]]; then command="$word"; break; fi
  done
  COMPREPLY=()
  case "$command" in
    '') list='${names}' ;;
${cases.join('\n')}
  esac
  [[ -n $list ]] && COMPREPLY+=($(compgen -W "$list" -- "$current"))
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    for index in "\${!COMPREPLY[@]}"; do COMPREPLY[index]="\${COMPREPLY[index]#"\${current%:*}:"}"; done
  fi
}
complete -o filenames -F _minicloud minicloud
`;
}

function bashWords(choices: readonly string[] | undefined, complete: Completes | undefined, names = ''): string {
  if (choices) return `list='${choices.join(' ')}'`;
  switch (complete) {
    case 'app':
      return `list="$(${appNames})"`;
    case 'folder':
      return `COMPREPLY=($(compgen -d -- "$current")); list="$(${appNames})"`;
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$current"))';
    case 'command':
      return `list='${names}'`;
    case 'shell':
      return `list='${shells.join(' ')}'`;
    default:
      return ':';
  }
}

function zsh(commands: readonly Command[], globals: Options): string {
  const list = commands.map(({ name, summary }) => `    ${zshQuote(`${name.replaceAll(':', '\\:')}:${summary}`)}`);
  const cases = commands.map((command) => {
    const options = Object.entries({ ...command.options, ...globals }).flatMap(([name, option]) =>
      zshOption(name, option),
    );
    const words = command.positionals.map(({ name, many, complete }, index) => {
      const place = many ? '*' : String(index + 1);
      return `        ${zshQuote(`${place}:${zshText(name)}:${zshAction(undefined, complete)}`)}`;
    });
    return `    ${command.name})\n      _arguments -s \\\n${[...options, ...words].join(' \\\n')} ;;`;
  });
  return `#compdef minicloud
# Completion of minicloud for zsh: source <(minicloud completion zsh)
_minicloud_apps() {
  local -a names
  names=(\${(f)"$(${appNames})"})
  compadd -a names
}
_minicloud_apps_or_folders() { _minicloud_apps; _files -/ }
_minicloud_commands() {
  local -a list
  list=(
${list.join('\n')}
  )
  _describe command list
}
_minicloud() {
  local curcontext="$curcontext" context state line
  _arguments -C '--api-url[the server to use]:url:' '1:command:_minicloud_commands' '*::words:->words'
  [[ $state == words ]] || return
  case $line[1] in
${cases.join('\n')}
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
if [[ $funcstack[1] == _minicloud ]]; then _minicloud "$@"; else compdef _minicloud minicloud; fi
`;
}

function zshOption(name: string, option: Option): string[] {
  const value =
    option.type === 'string'
      ? `:${zshText(option.value ?? 'value')}:${zshAction(option.choices, option.complete)}`
      : '';
  const once = option.multiple ? '*' : '';
  const equals = option.type === 'string' ? '=' : '';
  return flags(name, option).map(
    (flag) =>
      `        ${zshQuote(`${once}${flag}${flag.startsWith('--') ? equals : ''}[${zshText(option.help)}]${value}`)}`,
  );
}

function zshAction(choices: readonly string[] | undefined, complete: Completes | undefined): string {
  if (choices) return `(${choices.join(' ')})`;
  const actions: Partial<Record<Completes, string>> = {
    app: '_minicloud_apps',
    folder: '_minicloud_apps_or_folders',
    file: '_files',
    command: '_minicloud_commands',
    shell: `(${shells.join(' ')})`,
  };
  return actions[complete ?? 'none'] ?? ' ';
}

function zshText(text: string): string {
  return text.replace(/[[\]:]/g, (character) => `\\${character}`);
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fish(commands: readonly Command[], globals: Options): string {
  const names = commands.map(({ name }) => name).join(' ');
  const lines = [
    '# Completion of minicloud for fish: minicloud completion fish > ~/.config/fish/completions/minicloud.fish',
    `set -l names ${names}`,
    'complete -c minicloud -f',
    ...Object.entries(globals).map(([name, option]) => `complete -c minicloud ${fishOption(name, option)}`),
  ];
  for (const command of commands) {
    const seen = `"__fish_seen_subcommand_from ${command.name}"`;
    lines.push(
      `complete -c minicloud -n "not __fish_seen_subcommand_from $names" -a ${command.name} -d ${fishQuote(command.summary)}`,
    );
    for (const [name, option] of Object.entries(command.options))
      lines.push(`complete -c minicloud -n ${seen} ${fishOption(name, option)}`);
    const words = fishWords(undefined, command.positionals.at(0)?.complete, names);
    if (words) lines.push(`complete -c minicloud -n ${seen} ${words}`);
  }
  return `${lines.join('\n')}\n`;
}

function fishOption(name: string, option: Option): string {
  const short = option.short ? ` -s ${option.short}` : '';
  const value = option.type === 'string' ? ` -x ${fishWords(option.choices, option.complete, '') ?? ''}`.trimEnd() : '';
  return `-l ${name}${short}${value} -d ${fishQuote(option.help)}`;
}

function fishWords(
  choices: readonly string[] | undefined,
  complete: Completes | undefined,
  names: string,
): string | undefined {
  if (choices) return `-a ${fishQuote(choices.join(' '))}`;
  const words: Partial<Record<Completes, string>> = {
    app: `-a ${fishQuote(`(${appNames})`)}`,
    folder: `-F -a ${fishQuote(`(${appNames})`)}`,
    file: '-F',
    command: `-a ${fishQuote(names)}`,
    shell: `-a ${fishQuote(shells.join(' '))}`,
  };
  return words[complete ?? 'none'];
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}

function flags(name: string, option: Option): string[] {
  return [`--${name}`, ...(option.short ? [`-${option.short}`] : [])];
}
