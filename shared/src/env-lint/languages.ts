/** How the languages of apps read variables, as tables: files, comments, strings, and the forms of a read. */
import type { Quote, Syntax } from './mask.ts';

export interface ReadForm {
  /** Global. `name` is the variable; `names` are several, as a pattern that takes them apart. */
  pattern: RegExp;
  /** Sticky, right behind the read: what takes its place when it is not set, in `text` or `bare` when that is simple. */
  fallback?: RegExp;
  /** The read itself says what happens without a value. */
  optional?: boolean;
  /** It only asks whether there is a value: where that is done, no read of the same name in the file needs one. */
  asks?: boolean;
  /** Only in files that hold this as well: the name alone would be anybody's. */
  requires?: RegExp;
  /** It stands in a string. */
  inString?: boolean;
}

export interface Language {
  files: RegExp;
  syntax: Syntax;
  reads: readonly ReadForm[];
  /** Reads by a name that is worked out: any variable may be meant. */
  computed?: RegExp;
  /** Global. Libraries that work names out, by what a source must write to use them so; and reads of all variables. */
  libraries?: RegExp;
}

const slashes = [/\/\/[^\n]*/y, /\/\*[\s\S]*?(?:\*\/|$)/y];
const hash = [/#[^\n]*/y];
const single: Quote = { open: /'/y, close: "'" };
const double: Quote = { open: /"/y, close: '"' };
/** One character between quotes: what begins with the same quote and is longer is something else, a lifetime of Rust. */
const character: Quote = { open: /'(?=(?:\\[^\n]{1,8}|[^'\\\n])')/y, close: "'" };
const fold = (inner: RegExp): Quote => ({ ...double, inner });
const cLike: Syntax = {
  comments: slashes,
  quotes: [{ open: /"""/y, close: '"""', multiline: true }, double, character],
};

const name = '(?<name>[A-Za-z_][A-Za-z0-9_]{0,127})';
const quoted = `(?<quote>['"\`])${name}\\k<quote>`;
const form = (source: string): RegExp => new RegExp(source, 'g');

const literal =
  '(?:(?<mark>[\'"`])(?<text>[^\'"`$\\\\\\n{]*)\\k<mark>(?!\\s*[.+])|(?<bare>\\d+(?:\\.\\d+)?|true|false)\\b)?';
/** `?? throw …`: nothing takes its place. */
const fails = '(?!\\s*\\(?\\s*(?:raise|throw|die|croak|abort|exit|error|fail|panic|process\\.exit|sys\\.exit)\\b)';
/** Behind a read: what takes its place by `value`, as text when it is simple; by `other`, no text is meant. */
const behind = (value: string, other?: string): RegExp =>
  new RegExp(`\\s*(?:(?:${value})${fails}\\s*${literal}${other === undefined ? '' : `|(?:${other})`})`, 'y');
const compared = '[=!]==?|is\\b';
/** `|| 3000`, `?? 'x'`, also behind the bracket of a conversion; a comparison and a condition do without a value, too. */
const closing = '(?:,\\s*10\\s*)?\\)?\\s*';
const scriptFallback = behind(`${closing}(?:\\|\\||\\?\\?)=?`, `${closing}(?:${compared}|&&|\\?(?!\\?))`);
/** The next argument. */
const argumentFallback = behind(',\\s*(?:default\\s*=)?');
const pythonFallback = behind(',\\s*(?:default\\s*=)?|\\)*\\s*or\\b', `\\)\\s*(?:${compared})`);

const script: Language = {
  files: /\.(?:[cm]?[jt]sx?|vue|svelte|astro)$/,
  syntax: {
    comments: slashes,
    quotes: [single, double, { open: /`/y, close: '`', multiline: true, inner: /\$\{/y }],
    regex: true,
  },
  reads: [
    { pattern: form(`\\b(?:process|Bun)\\??\\.env\\??\\.${name}`), fallback: scriptFallback },
    { pattern: form(`\\b(?:process|Bun)\\??\\.env(?:\\?\\.)?\\[\\s*${quoted}\\s*\\]`), fallback: scriptFallback },
    { pattern: form(`\\bDeno\\.env\\.get\\(\\s*${quoted}\\s*\\)`), fallback: scriptFallback },
    { pattern: /\b(?:const|let|var)\s*\{(?<names>[^{}]*)\}\s*(?::[^=\n]+)?=\s*(?:process|Bun)\.env\b(?!\s*\??[.[])/g },
    {
      pattern: form(`(?<![.\\w$])env\\??\\.(?<name>[A-Z][A-Z0-9_]{1,127})\\b`),
      fallback: scriptFallback,
      requires:
        /\benv\s*=\s*process\.env\s*[;,\n]|\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b(?!\.)|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*['"](?:node:)?process['"]|from\s*['"]\$env\/dynamic\/private['"]/,
    },
  ],
  computed: /\b(?:process|Bun)\??\.env(?:\?\.)?\[\s*(?!['"`][^$'"`]*['"`]\s*\])/g,
  libraries:
    /\bObject\.(?:keys|entries)\(\s*process\.env\b(?!\.)|\bin\s+process\.env\s*\)|\bnconf\b[^;]{0,200}\.env\(/g,
};

const python: Language = {
  files: /\.pyw?$/,
  syntax: {
    comments: hash,
    quotes: ['"""', "'''", '"', "'"].flatMap((mark): Quote[] => {
      const long = mark.length === 3 ? { multiline: true } : {};
      const open = (prefix: string): RegExp => new RegExp(`(?<=(?<![A-Za-z0-9_])${prefix})${mark}`, 'y');
      return [
        { open: open('(?:[fF][rR]?|[rR][fF])'), close: mark, inner: /\{/y, ...long },
        { open: open('(?:[bB]?[rR]|[rR][bB])'), close: mark, raw: true, ...long },
        { open: new RegExp(mark, 'y'), close: mark, ...long },
      ];
    }),
  },
  reads: [
    { pattern: form(`\\benviron\\[\\s*${quoted}\\s*\\]`), fallback: pythonFallback },
    { pattern: form(`\\benviron\\.get\\(\\s*${quoted}`), fallback: pythonFallback },
    { pattern: form(`\\bgetenv\\(\\s*${quoted}`), fallback: pythonFallback },
    { pattern: form(`${quoted}\\s+in\\s+(?:os\\.)?environ\\b`), inString: true, asks: true },
    {
      pattern: form(`(?<![.\\w])(?:env|config)(?:\\.\\w+)?\\(\\s*${quoted}`),
      fallback: pythonFallback,
      requires: /\b(?:import environ\b|from environs?\b|from decouple\b|from starlette\.config\b)/,
    },
  ],
  computed: /\b(?:environ(?:\[|\.get\()|getenv\()\s*(?!['"][^'"{]*['"])/g,
  // https://docs.pydantic.dev/latest/concepts/pydantic_settings/ names a variable by its field, whatever the case.
  libraries:
    /\bBaseSettings\b|\b(?:from|import)\s+dynaconf\b|\b(?:environ|ecological)\.config\b|\benv_prefix\s*=|\bauto_envvar_prefix\b|\.from_prefixed_env\(|\.prefixed\(|\bos\.environ\.(?:items|keys)\(|\bin\s+os\.environ\s*:/g,
};

const ruby: Language = {
  files: /(?:\.(?:rb|rake|ru|erb)|^(?:.*\/)?(?:Rakefile|Gemfile|Guardfile))$/,
  syntax: {
    comments: [/^=begin\b[\s\S]*?(?:^=end\b|$(?![\s\S]))/my, /#(?!\{)[^\n]*/y],
    quotes: [
      { ...single, multiline: true },
      { ...fold(/#\{/y), multiline: true },
    ],
  },
  reads: [
    { pattern: form(`\\bENV\\[\\s*${quoted}\\s*\\]`), fallback: behind('\\|\\|=?', `${compared}|\\?|&&?`) },
    { pattern: form(`\\bENV\\.(?:key|has_key|include)\\?\\(?\\s*${quoted}`), asks: true },
    { pattern: form(`\\bENV\\.fetch\\(?\\s*${quoted}`), fallback: behind(',|\\)?\\s*\\{', '\\)?\\s*do\\b') },
  ],
  computed: /\bENV(?:\[|\.fetch\(?)\s*(?!['"][^'"#]*['"])/g,
  libraries: /\bAnyway::Config\b|\bHanami::Settings\b|\.env_prefix\b|\bENV\.(?:each\w*|select|filter\w*|keys|slice)\b/g,
};

const php: Language = {
  files: /\.(?:php|phtml|inc)$/,
  syntax: {
    comments: [...slashes, /#(?!\[)[^\n]*/y],
    quotes: [
      { ...single, multiline: true },
      { ...fold(/\{(?=\$)/y), multiline: true },
    ],
  },
  reads: [
    {
      pattern: form(`\\bgetenv\\(\\s*${quoted}(?:\\s*,\\s*(?:true|false))?\\s*\\)`),
      fallback: behind('\\?[?:]', compared),
    },
    { pattern: form(`\\$_ENV\\[\\s*${quoted}\\s*\\]`), fallback: behind('\\?[?:]=?', compared) },
    // Of Laravel: null without a default, which most of the options of its config files take.
    {
      pattern: form(`(?<!(?:->|::|function\\s+|\\w|\\$))env\\(\\s*${quoted}`),
      fallback: argumentFallback,
      optional: true,
    },
  ],
  computed: /(?:\bgetenv\(\s*|\$_ENV\[\s*|(?<!(?:->|::|function\s+|\w|\$))env\(\s*)\$/g,
  // Laravel has config files of its own for those that an app leaves out.
  libraries: /\bIlluminate\\Foundation\b|\bgetenv\(\s*\)|\bforeach\s*\(\s*\$_(?:ENV|SERVER)\b/g,
};

/** `if v := …; v != "" {`, and on a line of its own `if v == "" { v = "x" }`. */
const goFallback = behind(
  '\\n\\s*if\\s+(?<at>\\w+)\\s*==\\s*""\\s*\\{\\s*\\k<at>\\s*=(?!=)',
  `${compared}|(?:;|\\n\\s*if)\\s*\\w+\\s*!=\\s*""`,
);
const go: Language = {
  files: /\.go$/,
  syntax: { comments: slashes, quotes: [double, character, { open: /`/y, close: '`', multiline: true, raw: true }] },
  reads: [
    { pattern: form(`\\b(?:os|syscall)\\.Getenv\\(\\s*${quoted}\\s*\\)`), fallback: goFallback },
    { pattern: form(`\\bos\\.LookupEnv\\(\\s*${quoted}\\s*\\)`), optional: true },
    {
      pattern: form(`\\b(?:env|envconfig):"${name}`),
      fallback: behind('[^`\\n]*\\b(?:envD|d)efault:(?=")'),
      inString: true,
    },
  ],
  computed: /\bos\.(?:Getenv|LookupEnv)\(\s*(?!["`])/g,
  libraries:
    /\bviper\.|\.(?:AutomaticEnv|SetEnvPrefix|SetEnvKeyReplacer)\(|\benvconfig\.(?:Must)?Process\w*\(|\benv\.Provider\w*\(|\bff\.WithEnvVar\w*\(|\bUseFieldNameByDefault\b|\b(?:Prefix|EnvironmentPrefix)\s*:\s*"[A-Z]|\bos\.Environ\(\)/g,
};

const rust: Language = {
  files: /\.rs$/,
  syntax: { comments: slashes, quotes: [{ ...double, multiline: true }, character] },
  reads: [
    {
      pattern: form(`\\benv::var(?:_os)?\\(\\s*${quoted}\\s*\\)`),
      fallback: behind('\\.unwrap_or\\(', '\\.(?:unwrap_or_else|unwrap_or_default|ok|is_ok|is_err|map_or)\\('),
    },
    { pattern: form(`\\benv\\s*=\\s*${quoted}`), requires: /\bclap\b/ },
  ],
  computed: /\benv::var(?:_os)?\(\s*(?!")/g,
  libraries:
    /\bEnvironment::(?:with_prefix|default)\(|\benvy::\w+|\bEnv::(?:prefixed|raw)\(|\b(?:arg|clap)\((?:[^()]*,)?\s*env\s*[,)]|\benv::vars(?:_os)?\(/g,
};

const jvm: Language = {
  files: /\.(?:java|kts?|scala|groovy|gradle)$/,
  syntax: {
    ...cLike,
    quotes: [{ open: /"""/y, close: '"""', multiline: true, inner: /\$\{/y }, fold(/\$\{/y), character],
  },
  reads: [
    { pattern: form(`\\bSystem\\.getenv\\(\\s*${quoted}\\s*\\)`), fallback: behind('\\?:', compared) },
    {
      pattern: form(`\\bSystem\\.getenv\\(\\)(?:\\.get\\(|\\[)\\s*${quoted}`),
      fallback: behind('[)\\]]\\s*\\?:', `[)\\]]\\s*(?:${compared})`),
    },
    { pattern: form(`\\bSystem\\.getenv\\(\\)\\.getOrDefault\\(\\s*${quoted}`), fallback: argumentFallback },
    { pattern: form(`\\bsys\\.env(?:\\.apply)?\\(\\s*${quoted}`) },
    { pattern: form(`\\bsys\\.env\\.getOrElse\\(\\s*${quoted}`), fallback: argumentFallback },
    { pattern: form(`\\bsys\\.env\\.get\\(\\s*${quoted}`), optional: true },
  ],
  computed: /\bSystem\.getenv\(\s*(?![")])/g,
  // https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.typesafe-configuration-properties.relaxed-binding
  libraries:
    /@(?:SpringBootApplication|EnableAutoConfiguration|ConfigurationProperties|Config(?:uration)?Property|ConfigMapping|Value)\b|\b(?:SpringApplication|Micronaut)\b|\bSystem\.getenv\(\)(?!\s*(?:\.get|\[))/g,
};

const dotnet: Language = {
  files: /\.(?:cs|fs|vb|cshtml|razor)$/,
  syntax: {
    comments: slashes,
    quotes: [
      { open: /(?<=\$@?)"/y, close: '"', inner: /\{(?!\{)/y },
      { open: /(?<=@)"/y, close: '"', raw: true, multiline: true },
      double,
      character,
    ],
  },
  reads: [
    {
      pattern: form(`\\bGetEnvironmentVariable\\(\\s*${quoted}\\s*\\)`),
      fallback: behind('\\?\\?=?', compared),
    },
  ],
  computed: /\bGetEnvironmentVariable\(\s*(?!")/g,
  // A key of the configuration is a variable of any case, behind a prefix that is taken away.
  libraries:
    /\bAddEnvironmentVariables\(|\bCreate(?:Default|Slim|Application|Empty)?Builder\(|\bGetEnvironmentVariables\(/g,
};

const c: Language = {
  files: /\.(?:c|cc|cpp|cxx|h|hh|hpp|m|mm)$/,
  syntax: cLike,
  reads: [{ pattern: form(`\\b(?:secure_)?getenv\\(\\s*${quoted}\\s*\\)`), fallback: behind('\\?:', compared) }],
  computed: /\bgetenv\(\s*(?!")/g,
};

const others: readonly Language[] = [
  {
    files: /\.exs?$/,
    syntax: { comments: hash, quotes: [fold(/#\{/y)] },
    reads: [
      { pattern: form(`\\bSystem\\.get_env\\(?\\s*${quoted}`), fallback: behind(',|\\)?\\s*\\|\\|') },
      { pattern: form(`\\bSystem\\.fetch_env!?\\(?\\s*${quoted}`) },
    ],
    computed: /\bSystem\.(?:get_env|fetch_env!?)\(\s*(?!")/g,
  },
  {
    files: /\.(?:pl|pm|psgi)$/,
    syntax: { comments: hash, quotes: [double, single] },
    reads: [
      {
        pattern: form(`\\$ENV\\{\\s*(?<quote>['"]?)${name}\\k<quote>\\s*\\}`),
        fallback: behind('(?:\\|\\||//)=?'),
      },
    ],
  },
  {
    files: /\.(?:dart|swift)$/,
    syntax: cLike,
    reads: [
      {
        pattern: form(`\\b(?:Platform|processInfo)\\.environment\\[\\s*${quoted}\\s*\\]`),
        fallback: behind('\\?\\?'),
      },
    ],
  },
  {
    files: /\.prisma$/,
    syntax: { comments: [slashes[0] ?? /\/\/[^\n]*/y], quotes: [double] },
    reads: [{ pattern: form(`\\benv\\(\\s*${quoted}\\s*\\)`) }],
  },
  {
    files: /(?:^|\/)application[\w-]*\.(?:properties|ya?ml)$/,
    syntax: { comments: hash, quotes: [] },
    reads: [{ pattern: /\$\{(?<name>[A-Z][A-Z0-9_]{0,127})(?=[:}])/g, fallback: /:(?<text>[^}$\n]*)/y }],
  },
];

export const languages: readonly Language[] = [script, python, ruby, php, go, rust, jvm, dotnet, c, ...others];
