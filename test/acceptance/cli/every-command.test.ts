import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { root, type Running } from '../../helpers/cli/cli-harness.js';
import { type PromptStreams, World } from '../../helpers/cli/cli-world.js';

/** A line that a user types, and a script runs. */
interface Line {
  readonly line: string;
  /** The expected standard output in a pipe. */
  readonly pipe: RegExp;
  /** The expected output on a terminal. Default: `pipe`. */
  readonly screen?: RegExp;
  /** Lines to run before it. */
  readonly before?: readonly string[];
  /** The prompts on a terminal, and the keys that answer them. */
  readonly prompts?: readonly (readonly [question: string, keys: string])[];
  /** The exit code without a terminal. Default: 0. */
  readonly pipeCode?: number;
  readonly code?: number;
  /** It runs until it is ended, after it has printed this. */
  readonly until?: string;
  /** A line that runs concurrently. */
  readonly concurrently?: string;
  /** The user has no kite key yet. */
  readonly newcomer?: boolean;
}

const INSTALL = 'kitectl install ./math-kite';
const CONTEXT = 'kitectl context add prod --to /bob/prod/math';
const YES = [['(y/N)', 'y\r']] as const;
const PEM = 'kitectl keygen --tls --host proxy.example.com';

const LINES: readonly Line[] = [
  {
    line: 'kitectl bench square 4 --to http://localhost:3636/kite --connections 10 --parallel 64 --duration 5s',
    pipe: /^throughput\t\d+ calls\/s$/m,
    screen: /│ throughput +│ \d+ calls/,
  },
  {
    line: 'kitectl bench square 4 --to http://localhost:3636/kite --rate 1000 --duration 1m --json',
    pipe: /^\{"url":.*"succeeded":[1-9]/m,
    screen: /"succeeded":[1-9]/,
  },
  {
    line: 'kitectl bench tail /var/log/syslog --to http://localhost:3636/kite --duration 5s',
    pipe: /^items\t[1-9]\d*, \d+ items\/s$/m,
    screen: /│ items +│ [1-9]\d*, \d+ items/,
  },
  { line: 'kitectl call square 4 --to http://localhost:3636/kite', pipe: /^16$/m },
  {
    line: `kitectl call echo '{"a":[1,2]}' text true -4 --to http://localhost:3636/kite`,
    pipe: /^\[\{"a":\[1,2\]\},"text",true,-4\]$/m,
    screen: /"text",/,
  },
  {
    line: 'kitectl call echo -f name=bob -F count=4 -F key=@text:notes.txt --to http://localhost:3636/kite',
    before: ["echo 'two words' > notes.txt"],
    pipe: /^\[\{"name":"bob","count":4,"key":"two words\\n"\}\]$/m,
    screen: /"count": 4,/,
  },
  {
    line: 'seq 1 1000 | kitectl call square --stdin --parallel 64 --to http://localhost:3636/kite',
    pipe: /^1\n4\n9\n[^]*\n1000000\n$/,
    screen: /\n998001\n1000000\n$/,
  },
  {
    line: 'kitectl call tail /var/log/syslog --raw --to http://localhost:3636/kite',
    pipe: /^\/var\/log\/syslog: line 1\n\S+ line 2\n\S+ line 3$/m,
  },
  {
    line: 'kitectl call upload backup.tar @stream:backup.tar --to http://localhost:3636/kite',
    before: ['head -c 300000 /dev/zero > backup.tar'],
    pipe: /^\{"name":"backup\.tar","size":300000\}$/m,
    screen: /"size": 300000/,
  },
  {
    line: 'kitectl call thumbnail @bytes:cat.png --raw --to http://localhost:3636/kite > small.png',
    before: ["printf '\\211PNG\\r\\n' > cat.png"],
    pipe: /^$/,
  },
  {
    line: 'kitectl call square 4 --to /bob/prod/math --all',
    pipe: /^\/bob\/prod\/math\/\S+\t16$/m,
    screen: /^\/bob\/prod\/math\/\S+ +16$/m,
  },
  { line: 'kitectl call square 4 --to /bob/prod/math --retry 5', pipe: /^16$/m },
  { line: 'source <(kitectl completion bash)', pipe: /^$/ },
  { line: 'kitectl completion zsh', pipe: /^#compdef kitectl/ },
  { line: 'kitectl completion fish > kitectl.fish', pipe: /^$/ },
  {
    line: 'kitectl config explain',
    pipe: /^kontrol\thttp\S+\tkite key$/m,
    screen: /│ kontrol +│ http\S+ +│ kite key/,
  },
  {
    line: 'kitectl config explain --context prod --to /bob/prod/math',
    before: [CONTEXT],
    pipe: /^to\t\/bob\/prod\/math\t--to$/m,
    screen: /│ to +│ \/bob\/prod\/math +│ --to/,
  },
  {
    line: 'kitectl context add prod --kontrol https://kontrol.example.com:4000/kite --key-file ~/.kite/prod.key',
    pipe: /^Saved the context prod\. It is active\.$/m,
  },
  {
    line: 'kitectl context add math --to /bob/prod/math --use',
    pipe: /^Saved the context math\. It is active\.$/m,
  },
  { line: 'kitectl context list', before: [CONTEXT], pipe: /^\*\tprod\t/m, screen: /│ prod/ },
  { line: 'kitectl context list -o name', before: [CONTEXT], pipe: /^prod$/m },
  {
    line: 'kitectl context -',
    before: [CONTEXT, 'kitectl context add b --use'],
    pipe: /^Switched to the context prod\.$/m,
  },
  {
    line: 'kitectl context remove prod',
    before: [CONTEXT],
    prompts: YES,
    pipe: /^$/,
    pipeCode: 2,
    screen: /Removed/,
  },
  { line: 'kitectl context remove prod --yes', before: [CONTEXT], pipe: /Removed/ },
  { line: 'kitectl context show', before: [CONTEXT], pipe: /\/bob\/prod\/math/ },
  { line: 'kitectl context show -o name', before: [CONTEXT], pipe: /^prod$/m },
  { line: 'kitectl context use prod', before: [CONTEXT], pipe: /^Switched to the context prod\.$/m },
  {
    line: 'kitectl query /bob --context prod',
    before: [CONTEXT],
    pipe: /\t\/bob\/prod\/math\//,
    screen: /│ bob +│ prod +│ math/,
  },
  { line: 'kitectl describe --to http://localhost:3636/kite', pipe: /^square\tnone\t/m, screen: /│ square/ },
  {
    line: `kitectl describe --to /bob/prod/math --json | jq '.[] | select(.name == "square").jsonSchema'`,
    pipe: /^null$/m,
    screen: /null/,
  },
  { line: 'kitectl doctor', pipe: /^token\tok\t/m, screen: /│ token +│ ok/ },
  { line: 'kitectl doctor --context prod --json', before: [CONTEXT], pipe: /^\[\{/ },
  {
    line: 'kitectl expose http://localhost:3636 --name math',
    until: 'is available as /bob/prod/math/',
    pipe: /^$/,
    screen: /Stopped exposing math/,
  },
  {
    line: 'kitectl expose ws://localhost:7780 --name files --to https://tunnel.example.com/kite',
    until: 'is available as /bob/prod/files/',
    pipe: /^$/,
    screen: /Stopped exposing files/,
  },
  {
    line: 'kitectl install ./math-1.0.0.tar.gz',
    before: ['tar -czf math-1.0.0.tar.gz -C math-kite .'],
    pipe: /Installed/,
  },
  { line: 'kitectl keygen', pipe: /key_pub\.pem/ },
  {
    line: 'kitectl keygen --out certs --tls --host kite.example.com --host 10.0.0.5',
    pipe: /certs\/cert\.pem/,
  },
  { line: 'kitectl keys list', pipe: /\tbob\t/, screen: /│ bob/ },
  { line: 'kitectl keys move --to file', pipe: /kite\.key/ },
  {
    line: 'kitectl keys remove',
    prompts: YES,
    pipe: /^$/,
    pipeCode: 2,
    screen: /Removed/,
  },
  { line: 'kitectl keys remove bob@http://127.0.0.1:4000/kite --yes', pipe: /Removed/ },
  { line: 'kitectl keys show', pipe: /^Username\tbob$/m, screen: /│ Username +│ bob/ },
  {
    line: 'KITE_KEY="$(kitectl keys show --secret)" node math.js',
    before: [`echo 'console.log(process.env.KITE_KEY.split(".").length)' > math.js`],
    pipe: /^3$/m,
  },
  { line: 'kitectl kontrol invite bob', pipe: /^\S{20,}\s*$/ },
  { line: 'kitectl kontrol invite bob --ttl 1h > invite.txt', pipe: /^$/ },
  { line: 'kitectl kontrol invite bob --key-ttl 90d', pipe: /^\S{20,}\s*$/ },
  { line: 'kitectl kontrol keys list', pipe: /\tactive\t/, screen: /│ active/ },
  {
    line: 'kitectl kontrol keys revoke ID',
    prompts: [['(y/N)', 'n\r']],
    pipe: /^$/,
    code: 2,
    pipeCode: 2,
    screen: /cannot be undone/,
  },
  {
    line: 'kitectl kontrol keys revoke --kite-key 32c766ac-a4c1-4890-b30f-a63537e8997c --yes',
    pipe: /Revoked the kite key 32c766ac/,
  },
  { line: 'kitectl kontrol users list', pipe: /^bob\t/m, screen: /│ bob/ },
  { line: 'kitectl kontrol users show bob', pipe: /\tkite key\tvalid\t/, screen: /│ kite key │ valid/ },
  {
    line: 'kitectl kontrol users revoke bob',
    prompts: [['(y/N)', 'n\r']],
    pipe: /^$/,
    code: 2,
    pipeCode: 2,
    screen: /cannot be undone/,
  },
  {
    line: 'kitectl kontrol start',
    until: 'Kontrol listens at',
    pipe: /^$/,
    screen: /Kontrol is shutting down/,
  },
  {
    line:
      'kitectl kontrol start -initial -username=kontrol -kontrolurl=http://127.0.0.1:6000/kite ' +
      '-publickeyfile=certs/key_pub.pem -privatekeyfile=certs/key.pem',
    before: ['kitectl keygen --out certs', 'rm .kite/kite.key'],
    pipe: /kite\.key/,
  },
  { line: 'kitectl kontrol status', pipe: /^kites\t/m, screen: /│ Registered kites/ },
  { line: 'kitectl kontrol status --json', pipe: /^\{"/ },
  {
    line: 'kitectl kontrol ui',
    pipe: /^http:\/\/127\.0\.0\.1:\d+\/#sign-in=[\w-]{32}\n$/,
    screen: /http:\/\/127\.0\.0\.1:\d+\/#sign-in=[\w-]{32}/,
  },
  { line: 'kitectl kontrol ui --admin', pipe: /#sign-in=/ },
  { line: 'kitectl list', before: [INSTALL], pipe: /^local\/_\/math\/1\.0\.0$/m, screen: /│ math/ },
  { line: 'kitectl list | xargs -n1 kitectl uninstall --yes', before: [INSTALL], pipe: /Removed/ },
  { line: 'kitectl ping --to http://localhost:3636/kite', pipe: /^pong from / },
  { line: 'kitectl ping --all --to /bob/prod/math', pipe: /^pong from \/bob\/prod\/math\// },
  {
    line: 'kitectl ping --count 10 --json --to http://localhost:3636/kite',
    pipe: /^(?:\{.*\}\n){10}$/,
  },
  {
    line: 'kitectl proxy start',
    until: 'proxy listens at',
    pipe: /^$/,
    screen: /The proxy is shutting down/,
  },
  {
    line: 'kitectl proxy start --public-host proxy.example.com --port 443 --tls-cert cert.pem --tls-key key.pem',
    before: [PEM],
    until: 'proxy listens at',
    pipe: /^$/,
    screen: /The proxy is shutting down/,
  },
  {
    line: 'kitectl proxy start --tunnel --public-host localhost:3999',
    until: 'proxy listens at',
    pipe: /^$/,
    screen: /The proxy is shutting down/,
  },
  {
    line: 'kitectl proxy start -publicHost=proxy.example.com -publicPort=3999 -cert=cert.pem -key=key.pem -env=prod -region=eu',
    before: [PEM],
    until: 'proxy listens at',
    pipe: /^$/,
    screen: /The proxy is shutting down/,
  },
  { line: 'kitectl proxy status', pipe: /\t\/bob\/prod\/behind\//, screen: /\/bob\/prod\/behind/ },
  {
    line: 'kitectl proxy status --to https://proxy.example.com/kite --json',
    pipe: /^\[\{"name":"tunnelproxy"/,
  },
  { line: 'kitectl query', pipe: /^\d\t\/bob\/prod\/math\//m, screen: /│ bob +│ prod +│ math/ },
  {
    line: 'kitectl query /bob/prod/math',
    pipe: /^1\t\/bob\/prod\/math\/1\.0\.0\//,
    screen: /│ bob +│ prod +│ math/,
  },
  { line: "kitectl query '/bob/*/math'", pipe: /^\d\t\/bob\/prod\/math\//m, screen: /│ bob +│ prod +│ math/ },
  {
    line: 'kitectl query -username=bob -environment=prod -name=math',
    pipe: /^1\t\/bob\/prod\/math\//m,
    screen: /│ bob +│ prod +│ math/,
  },
  {
    line: 'kitectl query "/bob/prod/math/>= 1.0, < 2.0" --watch --json',
    until: '"action":"REGISTER"',
    pipe: /^\{"action":"REGISTER"/,
    screen: /"action":"REGISTER"/,
    code: 130,
    pipeCode: 130,
  },
  {
    line: 'kitectl register --to http://127.0.0.1:4000/kite --username bob',
    newcomer: true,
    prompts: [['nvite', 'INVITE\r']],
    pipe: /^$/,
    pipeCode: 2,
    screen: /kite\.key/,
  },
  {
    line: 'kitectl register --to http://127.0.0.1:4000/kite --username bob --invite-file invite.txt',
    newcomer: true,
    before: ['kitectl kontrol invite bob > invite.txt'],
    pipe: /kite\.key/,
  },
  { line: 'kitectl run math', before: [INSTALL], pipe: /^math runs/ },
  {
    line: 'kitectl run github.com/bob/math.kite/1.0.0 -- --port 3636',
    before: [
      INSTALL,
      'mkdir -p .kite/kites/github.com/bob',
      'mv .kite/kites/local/_/math .kite/kites/github.com/bob/math.kite',
    ],
    pipe: /^math runs --port 0$/m,
  },
  {
    line: `kitectl serve --name math --method square --exec 'jq ".[0]*.[0]"' --port 3636`,
    until: 'math 1.0.0 listens at',
    pipe: /^$/,
    screen: /listens at/,
  },
  {
    line: 'kitectl serve --name host --method date --exec date --method uptime --exec uptime --no-auth',
    until: 'host 1.0.0 listens at',
    pipe: /^$/,
    screen: /listens at/,
  },
  {
    line: "kitectl serve --name host --method users --exec 'cut -d: -f1 /etc/passwd' --result lines",
    until: 'host 1.0.0 listens at',
    pipe: /^$/,
    screen: /listens at/,
  },
  {
    line: 'kitectl serve ./kite.js --register --environment prod',
    until: 'registered as /bob/prod/kite/',
    pipe: /^$/,
    screen: /listens at/,
  },
  {
    line: 'kitectl serve ./kite.js --register --instances 2',
    until: '[2] registered as /bob/unknown/kite/',
    pipe: /^$/,
    screen: /\[2\] kite 1\.0\.0 listens at/,
  },
  {
    line: 'kitectl shell --to http://localhost:3636/kite',
    prompts: [
      ['> ', 'square 4\r'],
      ['16', '\u0004'],
    ],
    pipe: /^$/,
    screen: /^/,
  },
  {
    line: `printf 'square 4\\necho {"a": 1} text\\n' | kitectl shell --to /bob/prod/math`,
    pipe: /^16\n\[\{"a":1\},"text"\]$/m,
    screen: /^16\n\[\n/,
  },
  { line: 'kitectl showkey', pipe: /^Username\tbob$/m, screen: /│ Username +│ bob/ },
  { line: 'kitectl showkey --json', pipe: /^\{"sub":"bob"/ },
  { line: 'kitectl tell -to=http://localhost:3636/kite -method=square 4', pipe: /^16$/m },
  { line: 'kitectl token /bob/prod/math', pipe: /^\S+\.\S+\.\S+\s*$/ },
  {
    line: 'kitectl top',
    prompts: [[' ms', 'q']],
    pipe: /^math\t1\.0\.0\tprod\t.* ms\t/m,
    screen: /\[\?1049l/,
  },
  {
    line: 'kitectl top /bob/prod --interval 5s',
    prompts: [[' ms', 'q']],
    pipe: /^math\t1\.0\.0\tprod\t.* ms\t/m,
    screen: /\[\?1049l/,
  },
  { line: `kitectl top --json | jq -r '.[] | select(.responds == false).url'`, pipe: /^$/ },
  {
    line: 'kitectl uninstall math',
    before: [INSTALL],
    prompts: YES,
    pipe: /^$/,
    pipeCode: 2,
    screen: /Removed/,
  },
  {
    line: 'kitectl uninstall github.com/bob/math.kite/1.0.0 --yes',
    before: [
      INSTALL,
      'mkdir -p .kite/kites/github.com/bob',
      'mv .kite/kites/local/_/math .kite/kites/github.com/bob/math.kite',
    ],
    pipe: /Removed github\.com\/bob\/math\.kite\/1\.0\.0/,
  },
  {
    line: 'kitectl watch',
    until: '/bob/prod/',
    pipe: /^(?:DE)?REGISTER\t\/bob\/prod\/\S+\thttp/m,
    screen: /REGISTER/,
    code: 130,
    pipeCode: 130,
    concurrently: 'kitectl serve ./kite.js --register --environment prod',
  },
  { line: 'kitectl wait /bob/prod/math', pipe: /^1\t\/bob\/prod\/math\//, screen: /│ bob +│ prod +│ math/ },
  { line: 'kitectl wait "/bob/prod/math/< 1.0.0" --for gone', pipe: /^$/ },
  {
    line: 'kitectl watch /bob',
    until: '/bob/prod/',
    pipe: /^(?:DE)?REGISTER\t\/bob\/prod\/\S+\thttp/m,
    screen: /REGISTER/,
    code: 130,
    pipeCode: 130,
    concurrently: 'kitectl serve ./kite.js --register --environment prod',
  },
  {
    line: 'kitectl kontrol keys reseal',
    pipe: /^$/,
    pipeCode: 2,
    code: 2,
    screen: /The storage "file" does not encrypt keys/,
  },
  {
    line: 'kitectl kontrol export',
    pipe: /^$/,
    pipeCode: 3,
    code: 3,
    screen: /KONTROL_SECRET is not set/,
  },
  {
    line: 'kitectl kontrol import',
    pipe: /^$/,
    pipeCode: 3,
    code: 2,
    screen: /Standard input is a terminal, and not an export/,
  },
  // The last one: afterwards the kite keys of the other users are of a previous pair.
  { line: 'kitectl kontrol keys rotate', pipe: /^Rotated the keys\. The new signing key pair is \S+$/m },
];

/** Examples of the help that cannot run here, and the tests that run them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "kitectl complete -- call ''": 'cli-completion: what shells ask',
  'source <(kitectl completion zsh)': 'cli-completion: in zsh',
  'kitectl completion fish > ~/.config/fish/completions/kitectl.fish': 'cli-completion: in fish',
  'kitectl install github.com/bob/math.kite': 'unit/cli/kites/source: the manifest that it means',
  'kitectl install https://example.com/bob/math/.kite.json --sha256 9f86d0…': 'cli-install: from a server',
  'kitectl install @bob/math': 'cli-install: from npm',
  'kitectl keys list --key-store keychain': 'cli-keychain',
  'kitectl keys move --to keychain': 'cli-keychain',
  'kitectl wait /bob/prod/math --for answering --for count=3 --timeout 5m': 'cli-wait: three kites',
  'kitectl register --to http://127.0.0.1:4000/kite --username bob --key-store keychain': 'cli-keychain',
  'KONTROL_SECRET="$SECRET" kitectl kontrol export > kontrol.jsonl': 'cli-kontrol-transfer',
  'KONTROL_SECRET="$SECRET" kitectl kontrol import --storage postgres < kontrol.jsonl':
    'cli-kontrol-transfer',
  'KONTROL_SECRET="$NEW" KONTROL_FORMER_SECRET="$OLD" kitectl kontrol keys reseal --storage postgres':
    'cli-kontrol-postgres, and cli-kontrol-etcd',
  'kitectl kontrol start --ip 0.0.0.0 --kontrolurl https://kontrol.example.com:4000/kite --tlscertfile cert.pem --tlskeyfile key.pem --storage etcd --machines http://10.0.0.1:2379':
    'cli-kontrol-etcd',
};

interface Manifest {
  readonly commands: Readonly<
    Record<
      string,
      { readonly hidden?: boolean; readonly examples?: readonly (string | { readonly command: string })[] }
    >
  >;
}

async function manifest(): Promise<Manifest['commands']> {
  return (JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest).commands;
}

let world: World;

/** A separate world for the lines that follow: the last of them rotates Kontrol's keys. */
function inWorldOfItsOwn(): void {
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(() => world.close());
}

/** Prepares a user by running the lines before it. */
async function ready({ before = [], newcomer = false }: Line): Promise<PromptStreams> {
  const person = await world.person({ key: !newcomer });
  onTestFinished(() => person.cli.remove());
  for (const line of before) expect(await person.inPipe(world.here(line)).outcome).toMatchObject({ code: 0 });
  return person;
}

/** Resolves once the line has printed the expected output, repeating the concurrent line if necessary. */
async function shown(
  running: Running,
  person: PromptStreams,
  { until = '', concurrently }: Line,
): Promise<void> {
  const isShown = ({ stdout, stderr }: Running): boolean => (stdout + stderr).includes(until);
  if (concurrently !== undefined) {
    while (!isShown(running)) {
      const other = person.inPipe(world.here(concurrently));
      await other.until(({ stderr }) => stderr.includes('registered as'));
      other.child.kill('SIGTERM');
      await other.outcome;
    }
  }
  await running.until(isShown);
}

describe('examples of the help in a pipe', () => {
  inWorldOfItsOwn();

  it.each(LINES)('the example runs in a pipe: $line', async (row) => {
    const person = await ready(row);
    const running = person.inPipe(world.here(row.line));
    if (row.until !== undefined) {
      await shown(running, person, row);
      running.child.kill('SIGINT');
    }
    const { code, stdout, stderr } = await running.outcome;
    expect({ code, stderr }).toEqual({ code: row.pipeCode ?? 0, stderr: expect.any(String) as string });
    expect(stdout).toMatch(row.pipe);
    // A line that prompts on a terminal names the missing flag here.
    if (row.pipeCode === 2) expect(stderr).toMatch(/--(?:yes|invite-file|storage)/);
    expect(stdout + stderr).not.toContain('\u001b');
  });
});

describe('examples of the help on a terminal', () => {
  inWorldOfItsOwn();

  it.each(LINES)('the example runs on a terminal: $line', async (row) => {
    const person = await ready(row);
    const running = person.atTerminal(world.here(row.line));
    for (const [question, keys] of row.prompts ?? []) {
      await running.until(({ stdout }) => stdout.includes(question));
      running.child.stdin?.write(keys.replace('INVITE', await world.invite()));
    }
    if (row.until !== undefined) {
      await shown(running, person, row);
      running.child.stdin?.write('\u0003');
    }
    const { code, stdout } = await running.outcome;
    const screen = stdout.replaceAll('\r\n', '\n');
    expect({ code, screen }).toEqual({ code: row.code ?? 0, screen: expect.any(String) as string });
    expect(screen).toMatch(row.screen ?? row.pipe);
  });
});

describe('the tested examples', () => {
  it('the tested examples are exactly those of the help', async () => {
    const examples = Object.values(await manifest())
      .flatMap(({ examples = [] }) => examples)
      .map((example) => (typeof example === 'string' ? example : example.command))
      .map((example) => example.replaceAll('<%= config.bin %>', 'kitectl'));
    const tried = new Set([...LINES.map(({ line }) => line), ...Object.keys(ELSEWHERE)]);
    expect(examples.filter((example) => !tried.has(example))).toEqual([]);
    expect(Object.keys(ELSEWHERE).filter((line) => !examples.includes(line))).toEqual([]);
  });

  it('the tested examples include every command', async () => {
    const visible = Object.entries(await manifest()).filter(([, { hidden }]) => hidden !== true);
    const names = visible.map(([id]) => (id === 'context:previous' ? 'context -' : id.replaceAll(':', ' ')));
    const isTried = (name: string): boolean => LINES.some(({ line }) => line.includes(`kitectl ${name}`));
    expect(names.filter((name) => !isTried(name))).toEqual([]);
  });
});
