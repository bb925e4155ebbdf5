/** What a file reads, by language. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isScanned, scanFile } from './scan.ts';

/** `§` stands for the dollar sign, which no plain string may have before a brace. */
const dollars = (text: string): string => text.replaceAll('§', '$');

/** `NAME`, `NAME?` with a default, `NAME=text` with a simple one; sorted by place. */
function told(file: string, text: string): string[] {
  return scanFile(file, dollars(text)).reads.map(
    ({ name, fallback }) => name + (fallback === undefined ? '' : fallback === true ? '?' : `=${fallback}`),
  );
}

const rows: [file: string, text: string, expected: string[]][] = [
  ['a.js', 'const key = process.env.STRIPE_KEY;', ['STRIPE_KEY']],
  ['a.ts', 'use(process.env[\'A\'], process.env["B"], process.env[`C`], process?.env?.D)', ['A', 'B', 'C', 'D']],
  ['a.ts', "process.env.A || 'x'; process.env.B ?? 3000; Number(process.env.C || 5)", ['A=x', 'B=3000', 'C=5']],
  ['a.ts', 'parseInt(process.env.A, 10) || 80; process.env.B ?? other(); process.env.C ||= "c"', ['A=80', 'B?', 'C=c']],
  ['a.ts', 'process.env.A === "true"; process.env.B ? 1 : 2; process.env.C && go()', ['A?', 'B?', 'C?']],
  ['a.ts', 'const { A, B = "b", C: c, D: d = 4 } = process.env;', ['A', 'B=b', 'C', 'D?']],
  ['a.ts', 'const {\n  A, // the first\n  B,\n}: Env = process.env', ['A', 'B']],
  ['a.ts', 'process.env.A = "1"; delete process.env.B; process.env["C"] = x;', []],
  ['a.ts', '// process.env.A\n/* process.env.B\n process.env.C */ process.env.D', ['D']],
  ['a.ts', '"process.env.A"; \'process.env.B\'; `process.env.C §{process.env.D} process.env.E`', ['D']],
  ['a.ts', '`a §{`b §{process.env.A}` + "}" + process.env.B} process.env.C` + process.env.D', ['A', 'B', 'D']],
  ['a.ts', 'x.replace(/["\'`]/g, ""); process.env.A; y = 4 / 2; process.env.B // "', ['A', 'B']],
  ['a.ts', 'const url = "https://example.com"; process.env.A', ['A']],
  ['a.tsx', '<p>It is {process.env.A}</p>', ['A']],
  ['a.vue', '<script>\nexport default process.env.A\n</script>', ['A']],
  ['a.ts', 'const env = process.env;\nenv.API_URL; other.env.API_KEY; env.toString()', ['API_URL']],
  ['a.ts', "import { env } from 'node:process';\nenv.API_URL", ['API_URL']],
  ['a.ts', 'const { env, exit } = process;\nenv.API_URL', ['API_URL']],
  ['a.ts', 'env.API_URL', []],
  ['a.ts', "Deno.env.get('A') ?? 'd'; Bun.env.B", ['A=d', 'B'].sort()],
  ['a.ts', 'import.meta.env.VITE_URL', []],
  ['a.ts', 'if (process.env.A) init({ dsn: process.env.A });\nconst on = !!process.env.B;', ['A?', 'B?']],
  ['a.ts', 'if (!process.env.A) throw new Error();\nprocess.env.B ?? fail(); process.env.C?.split()', ['A', 'B', 'C?']],
  ['a.ts', 'while (process.env.A && process.env.B) go()', ['A?', 'B?']],
  ['a.py', "os.environ.setdefault('A', 'b')", []],
  ['a.py', 'if os.environ.get("A"):\n    use(os.environ["A"])\nelif os.getenv("B"): pass', ['A?', 'B?']],
  ['a.py', 'if "A" in os.environ:\n    use(os.environ["A"])\nif "B" not in os.environ: raise X', ['A?']],
  ['a.py', 'if not os.environ.get("A"):\n    raise X', ['A']],
  ['puma.rb', 'pidfile ENV["A"] if ENV["A"]\nplugin :x if ENV["B"]', ['A?', 'B?']],
  ['a.rb', 'use(ENV["A"]) unless ENV["B"]\nx = ENV["C"].present?\nENV["D"]&.split', ['A', 'B?', 'C?', 'D?']],
  [
    'a.rb',
    'raise "A" unless ENV["A"]\nunless ENV["B"]\n  abort\nend\nraise if ENV["C"].blank?\nraise if ENV["D"].nil?',
    ['A', 'B', 'C', 'D'],
  ],
  ['a.rb', 'use(ENV["A"]) if ENV.key?("A")\nENV["B"] || raise("B")\nENV.fetch("C") { raise }', ['A?', 'B', 'C']],
  ['a.go', 'if v := os.Getenv("A"); v != "" {\n}\nif v := os.Getenv("B"); v == "" {\n panic(v)\n}', ['A?', 'B']],
  ['a.go', 'a := os.Getenv("A")\nif a == "" {\n a = ":80"\n}\nb := os.Getenv("B")\nif b != "" {}', ['A=:80', 'B?']],
  ['a.go', 'a := os.Getenv("A")\nif a == "" {\n log.Fatal("A")\n}', ['A']],
  ['a.cs', 'GetEnvironmentVariable("A") ?? throw new X(); GetEnvironmentVariable("B") ?? thrown', ['A', 'B?']],
  ['a.exs', 'System.get_env("A") ||\n  raise """\n  no A\n  """\nif System.get_env("B") do', ['A', 'B?']],
  ['a.py', "os.environ['A']; os.environ.get('B'); os.getenv(\"C\")", ['A', 'B', 'C']],
  ['a.py', "os.environ.get('A', 'x'); os.getenv('B', default=3); os.getenv('C') or 'd'", ['A=x', 'B=3', 'C=d']],
  ['a.py', "# os.environ['A']\n'''os.environ['B']'''\nos.environ['C'] = '1'\ndel os.environ['D']", []],
  ['a.py', 'f"{os.environ[\'A\']}" + "os.environ[\'B\']" + rf"{os.getenv(\'C\')}"', ['A', 'C']],
  ['a.py', 'path = r"C:\\"\nos.environ["A"]', ['A']],
  ['a.py', 'from environ import x\n', []],
  ['a.py', "import environ\nenv = environ.Env()\nenv('A'); env.bool('B', default=False)", ['A', 'B?']],
  ['a.py', "from decouple import config\nconfig('A', default='x')", ['A=x']],
  [
    'a.rb',
    "ENV['A']; ENV.fetch('B'); ENV.fetch('C', 'x'); ENV.fetch('D') { 1 }; ENV['E'] || 'y'",
    ['A', 'B', 'C=x', 'D=1', 'E=y'],
  ],
  ['a.rb', '# ENV["A"]\n"#{ENV[\'B\']} ENV[\'C\']"\n=begin\nENV["D"]\n=end\nENV["F"] = "1"', ['B']],
  [
    'a.php',
    "<?php getenv('A'); $_ENV['B'] ?? 'b'; getenv('C') ?: 'c'; env('D', 'd'); $x->env('E');",
    ['A', 'B=b', 'C=c', 'D=d'],
  ],
  ['config/mail.php', "<?php 'url' => env('A'), 'x' => env('B', 'b'), 'c' => env('C', null)", ['A?', 'B=b', 'C?']],
  ['a.php', '<?php # getenv("A")\n$s = "{$_ENV[\'B\']} getenv(\'C\')";', ['B']],
  ['a.go', 'os.Getenv("A"); v, ok := os.LookupEnv("B") // os.Getenv("C")', ['A', 'B?']],
  ['a.go', 'type C struct {\n A string `env:"A"`\n B int `env:"B" envDefault:"8080"`\n}', ['A', 'B=8080']],
  [
    'a.rs',
    'fn f<\'a>(x: &\'a str) { env::var("A").unwrap(); std::env::var("B").unwrap_or(c); \'"\'; env::var("D") }',
    ['A', 'B?', 'D'],
  ],
  ['A.java', 'System.getenv("A"); System.getenv().getOrDefault("B", "b"); // System.getenv("C")', ['A', 'B=b']],
  ['a.kt', 'System.getenv("A") ?: "a"; "§{System.getenv("B")}"', ['A=a', 'B']],
  ['a.scala', 'sys.env("A"); sys.env.getOrElse("B", "b"); sys.env.get("C")', ['A', 'B=b', 'C?']],
  [
    'a.cs',
    'Environment.GetEnvironmentVariable("A") ?? "a"; $"{Environment.GetEnvironmentVariable("B")}"',
    ['A=a', 'B'],
  ],
  ['a.c', 'char *p = getenv("A"); /* getenv("B") */ puts("getenv(\\"C\\")");', ['A']],
  ['a.exs', 'System.get_env("A") || "a"; System.fetch_env!("B"); System.get_env("C", "c")', ['A=a', 'B', 'C=c']],
  ['a.pl', "$ENV{A} || 'a'; $ENV{'B'}", ['A=a', 'B']],
  ['schema.prisma', 'url = env("DATABASE_URL") // env("X")', ['DATABASE_URL']],
  ['application.yml', 'key: §{A}\nport: §{B:8080}\n# §{C}', ['A', 'B=8080']],
  ['notes.md', 'process.env.A', []],
];
for (const [file, text, expected] of rows) {
  test(`${file}: ${text.replaceAll('\n', '⏎').slice(0, 90)}`, () => {
    assert.deepEqual(told(file, text).sort(), [...expected].sort());
  });
}

test('a read is told by its line, once with and once without a default', () => {
  const { reads } = scanFile('a.ts', '\r\n\nprocess.env.A;\nprocess.env.A;\nprocess.env.A ?? 1;\n');
  assert.deepEqual(reads, [
    { name: 'A', line: 3 },
    { name: 'A', line: 5, fallback: '1' },
  ]);
});

test('what only tests read is not read by the app, but it is named', () => {
  for (const file of ['test/a.js', 'src/__tests__/a.ts', 'a.spec.ts', 'db_test.go', 'test_a.py', 'vitest.config.ts']) {
    const { reads, words } = scanFile(
      file,
      file.endsWith('.go') ? 'os.Getenv("AB")' : 'process.env.AB; os.getenv("AB")',
    );
    assert.deepEqual([reads, words], [[], ['AB']], file);
  }
});

test('names are words of code and data, not of comments, lists of variables and texts', () => {
  const words = (file: string, text: string): readonly string[] => scanFile(file, text).words;
  assert.deepEqual(words('a.ts', 'z.object({ STRIPE_KEY: z.string() }) // OLD_KEY\n"LOG_LEVEL"'), [
    'STRIPE_KEY',
    'LOG_LEVEL',
  ]);
  assert.deepEqual(words('start.sh', 'exec app --key "$API_KEY"'), ['API_KEY']);
  assert.deepEqual(words('compose.yml', 'OLD_KEY: x'), []);
  assert.deepEqual(words('bin/start', 'exec app --workers "$WORKERS"'), ['WORKERS']);
  for (const file of ['README.md', '.env.example', 'logo.png', 'LICENSE', 'data/ab12'])
    assert.ok(!isScanned(file), file);
});

test('a name that is worked out may be any', () => {
  const rows: [string, string, boolean][] = [
    ['a.ts', 'process.env[name]', true],
    ['a.ts', 'process.env[`X_§{name}`]', true],
    ['a.ts', 'process.env["A"]; // process.env[name]', false],
    ['a.py', 'os.environ.get(name)', true],
    ['a.py', "os.environ['A']; os.getenv('B', 'c')", false],
    ['a.rb', 'ENV["#{a}_KEY"]', true],
    ['a.go', 'os.Getenv(name)', true],
    ['a.test.ts', 'process.env[name]', false],
    ['a.ts', 'Object.entries(process.env).filter(app)', true],
    ['a.ts', 'nconf.argv().env({ lowerCase: true })', true],
    ['a.ts', 'schema.parse(process.env)', false],
    ['settings.py', 'class Settings(BaseSettings):\n    api_key: str\n', true],
    ['config.py', 'from dynaconf import Dynaconf', true],
    ['app.py', 'app.config.from_prefixed_env("SHOP")', true],
    ['a.rb', 'class ShopConfig < Anyway::Config', true],
    ['a.php', '<?php env($name)', true],
    ['bootstrap/app.php', '<?php use Illuminate\\Foundation\\Application;', true],
    ['a.php', "<?php function env($key) {} env('A')", false],
    ['main.go', 'viper.SetEnvPrefix("shop")\nviper.AutomaticEnv()', true],
    ['main.go', 'v := newConfig()\nv.AutomaticEnv()', true],
    ['main.go', 'envconfig.Process("shop", &s)', true],
    ['main.go', 'k.Load(env.Provider("SHOP_", ".", fn), nil)', true],
    ['main.go', 'log.Print("viper.AutomaticEnv()")', false],
    ['main.rs', 'config::Environment::with_prefix("SHOP")', true],
    ['main.rs', '#[arg(long, env)] port: u16', true],
    ['main.rs', '#[arg(long, env = "SHOP_PORT")] port: u16', false],
    ['Shop.java', '@SpringBootApplication\npublic class Shop {}', true],
    ['Jwt.kt', '@ConfigurationProperties("app.jwt")', true],
    ['Jwt.java', '@Value("app.jwt.secret") String secret;', true],
    ['Program.cs', 'var builder = WebApplication.CreateBuilder(args);', true],
    ['runtime.exs', 'System.get_env(name)', true],
    ['runtime.exs', 'System.get_env("A", "b")', false],
  ];
  for (const [file, text, expected] of rows)
    assert.equal(scanFile(file, dollars(text)).computed, expected, `${file} ${text}`);
});

test('a Dockerfile sets variables of the image', () => {
  const text = 'FROM x\nENV A=1 B="two words" \\\n  # why\n  C=3\nenv OLD value of old\nARG NOT=1\nRUN X=1 make\n';
  assert.deepEqual(scanFile('docker/Dockerfile.web', text).sets, ['A', 'B', 'C', 'OLD']);
});

test('no text throws or takes long', () => {
  const nasty = [
    '`${'.repeat(50_000),
    '"'.repeat(200_000),
    'process.env.'.repeat(20_000),
    '/*'.repeat(100_000),
    '{'.repeat(300_000),
  ];
  nasty.push(
    'const {'.repeat(40_000),
    "process.env['".repeat(20_000),
    `${'a'.repeat(400_000)}`,
    '\\'.repeat(300_000),
    'ENV A='.repeat(40_000),
  );
  const endings = ['ts', 'py', 'rb', 'php', 'go', 'rs', 'java', 'cs', 'c', 'exs', 'pl', 'prisma'];
  for (const text of nasty) {
    for (const file of [...endings.map((ending) => `a.${ending}`), 'Dockerfile', 'application.yml']) {
      const began = process.cpuUsage();
      scanFile(file, text);
      const { user } = process.cpuUsage(began);
      assert.ok(user < 3_000_000, `${file}: ${text.slice(0, 10)}… took ${user} µs`);
    }
  }
});
