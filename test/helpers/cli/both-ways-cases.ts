/**
 * The command lines that run on both implementations for each command; `{name}` stands for a value of the side's world. The
 * lines that all commands have (no arguments, help, an unknown flag, an invalid value) are not here.
 */
export interface Case {
  /** The words after the command. */
  readonly line: string;
  /** The user whose kite keys it finds. Only bob has one at first. Default: bob. */
  readonly home?: 'bob' | 'carol' | 'kontrol' | 'nobody';
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The output after which it serves, or `watches` if it prints nothing: then it is ended by SIGTERM. */
  readonly serves?: RegExp | 'watches';
  /** It needs a process of its own, because it passes its standard streams to another program. */
  readonly alone?: boolean;
  /** The measured part of its output, which differs each time. */
  readonly measured?: RegExp;
}

export interface Cases {
  /** The case without arguments. Default: unchanged, in the home of bob. */
  readonly bare?: Omit<Case, 'line'>;
  readonly works: readonly Case[];
}

const JSON_NUMBERS = /(?<=[:[,])\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;
const MILLISECONDS = /\d+(?:\.\d+)?(?= ?ms\b)/g;
const LISTENING = /\{"url":.*\}\n/;

export const cases: Readonly<Record<string, Cases>> = {
  bench: {
    works: [
      { line: 'square 4 --duration 20ms --json --to {math}', measured: JSON_NUMBERS },
      { line: 'fail --duration 20ms --rate nonsense --to {math}' },
      { line: 'square [x --duration 20ms --to {math}' },
      { line: 'upload a @stream:- --duration 20ms --to {math}', input: 'text' },
    ],
  },
  call: {
    works: [
      { line: 'square 4 --to {math}' },
      { line: 'square --stdin --keep-going --envelope --to {math}', input: '1\nx\n3\n' },
      { line: 'echo -4 --raw=false -- --to --help', env: { KITE_TO: '/bob/prod/math' } },
      { line: 'fail --json -to={math}' },
      { line: 'squre 4 --to {math}' },
      { line: 'whoami --auth none --to {math}' },
      { line: 'wait --timeout 50ms --to {math}' },
      { line: 'square 4 --to http://127.0.0.1:1/kite' },
      { line: 'echo 9007199254740993 [1e400] -0 @@file --to {math}' },
      { line: 'echo {a:1} --to {math}' },
      { line: 'echo --string {a:1} - @file -4 --to {math}' },
      { line: 'echo -f name=bob -Fcount=4 -F tags[]=1.0 --field user[id]=1e400 --to {math}' },
      { line: 'echo -f name --to {math}' },
      { line: 'echo @json:- --to {math}', input: '[1.50]\n' },
      { line: 'echo @text:- --to {math}', input: '{a:1}\n' },
      { line: 'echo @json:- --to {math}', input: '{a:1}\n' },
      { line: 'tail app.log --raw --to {math}' },
      { line: 'tail --stdin --envelope --to {math}', input: '"a"\n4\n' },
      { line: 'upload a @stream:- --to {math}', input: 'text' },
      { line: 'thumbnail @bytes:- --raw --to {math}', input: 'text' },
      { line: 'echo @bytes:- @stream:- --to {math}', input: 'text' },
      { line: 'echo @stream:nothing --to {math}' },
      { line: 'square 4 --to /bob/prod/math --all --json' },
      { line: 'fail --to /bob/prod/math --all --replies 1' },
      { line: 'tail a --to /bob/prod/math --all --raw' },
      { line: 'square 4 --to {math} --all' },
      { line: 'square --stdin --all --to /bob/prod/math', input: '1\n' },
      { line: 'upload a @stream:- --all --to /bob/prod/math', input: 'text' },
      { line: 'square 4 --to /bob/prod/nothing --retry 1' },
      { line: 'square x --to {math} --retry 1 --idempotent' },
    ],
  },
  complete: { works: [{ line: '-- kitectl co' }, { line: '-- kitectl ping --to /bob/prod/m' }] },
  completion: { works: [{ line: 'bash' }, { line: 'tcsh' }] },
  'config:explain': { works: [{ line: '--to /bob/prod/math -o yaml' }] },
  'context:add': {
    works: [{ line: 'prod --kontrol {kontrol} --use' }, { line: 'test --to /bob/prod/math' }],
  },
  'context:list': { works: [{ line: '-o wide' }] },
  'context:show': { works: [{ line: 'prod' }, { line: 'nowhere' }] },
  'context:use': { works: [{ line: 'test' }, { line: 'prdo' }] },
  'context:previous': { works: [{ line: '--json' }] },
  'context:remove': { works: [{ line: 'test' }, { line: 'test --yes' }, { line: 'prod --yes' }] },
  describe: { works: [{ line: '--to {math}' }, { line: '--to /bob/prod/math --json' }] },
  doctor: { bare: { measured: MILLISECONDS }, works: [{ line: '--kontrol http://127.0.0.1:1/kite' }] },
  expose: {
    works: [
      { line: '{origin} --name exposed --environment prod', serves: / is available as / },
      { line: 'nonsense --name math' },
    ],
  },
  install: { works: [{ line: './folder' }, { line: './folder' }, { line: './nowhere' }] },
  list: { works: [{ line: '--json' }] },
  run: { works: [{ line: 'math a -- --port 1', alone: true }, { line: 'mth' }] },
  uninstall: { works: [{ line: 'math' }, { line: 'math --yes' }, { line: '../../x --yes' }] },
  keygen: { works: [{ line: '--out keys --host localhost --tls' }, { line: '--out keys' }] },
  'keys:list': { works: [{ line: '-o ndjson' }] },
  'keys:move': { works: [{ line: '--to file' }] },
  'keys:show': { works: [{ line: '--secret' }, { line: 'eve@nowhere' }] },
  'keys:remove': { works: [{ line: 'eve@nowhere --yes' }, { line: '--yes --key-file copy.key' }] },
  'kontrol:invite': {
    works: [
      { line: 'eve --ttl 1h --key-file kontrol.key' },
      { line: 'eve --ttl soon --key-file kontrol.key' },
      { line: 'eve --key-ttl 90d --key-file kontrol.key' },
      { line: 'eve --key-ttl 5s --key-file kontrol.key' },
    ],
  },
  'kontrol:keys:list': { works: [{ line: '--key-file kontrol.key' }] },
  'kontrol:export': { works: [{ line: '--storage memory' }] },
  'kontrol:import': {
    works: [
      { line: '--storage memory', input: '' },
      { line: '', input: '{"type":"end"}' },
    ],
  },
  'kontrol:keys:reseal': { works: [{ line: '--storage memory' }] },
  'kontrol:keys:revoke': {
    works: [
      { line: '--kite-key {evesKey} --yes --key-file kontrol.key' },
      { line: 'nothing --yes --key-file kontrol.key' },
      { line: '--kite-key nothing --yes --key-file kontrol.key' },
    ],
  },
  'kontrol:keys:rotate': { works: [{ line: '--key-file kontrol.key' }] },
  'kontrol:start': {
    bare: { home: 'kontrol', env: { KONTROL_PORT: 'x' } },
    works: [
      { line: '--json --port 0 --storage memory', home: 'kontrol', serves: LISTENING },
      { line: '-port=0 --ip 0.0.0.0 --registration open', home: 'kontrol' },
    ],
  },
  'kontrol:status': {
    works: [{ line: '--key-file kontrol.key', measured: /(?<=^uptime\t)\d+/m }],
  },
  'kontrol:ui': {
    works: [{ line: '--json' }, { line: '--admin' }, { line: '--key-file kontrol.key' }],
  },
  'kontrol:users:list': { works: [{ line: '--key-file kontrol.key -o name' }] },
  'kontrol:users:show': { works: [{ line: 'nobody --key-file kontrol.key' }] },
  'kontrol:users:revoke': { works: [{ line: 'nobody --yes --key-file kontrol.key' }] },
  ping: {
    bare: { measured: MILLISECONDS },
    works: [
      { line: '--count 2 --to {math}', measured: MILLISECONDS },
      { line: '--to {math} --timeout soon' },
      { line: '--all --to /bob/prod/math', measured: MILLISECONDS },
      { line: '--all --to {math}' },
    ],
  },
  'proxy:start': {
    bare: { home: 'nobody' },
    works: [
      { line: '--json --port 0 --key-file kontrol.key', serves: LISTENING },
      { line: '-env prod -version' },
    ],
  },
  'proxy:status': { works: [{ line: '--to {proxy} --key-file kontrol.key --json', measured: JSON_NUMBERS }] },
  query: {
    works: [
      { line: '/bob/prod/math' },
      { line: '/bob/prod/math --json' },
      { line: 'a/b/c/d/e/f/g/h' },
      { line: '-environment=prod -name=math --json' },
      { line: '-name=math' },
    ],
  },
  register: {
    works: [
      { line: '--to {kontrol} --username carol', home: 'carol' },
      { line: '--to {kontrol} --username carol', home: 'carol' },
    ],
  },
  serve: {
    works: [
      { line: '--json --port 0 --name up --method date --exec date', serves: LISTENING },
      { line: './nothing.js' },
      { line: '--name up --method date --exec date --instances 0' },
      { line: '--name up --method date --exec date --instances 2 --port 65535' },
      { line: '--name up --method date --exec date --result xml' },
      { line: '--name up --method date --exec date --result text --result json' },
    ],
  },
  shell: {
    bare: { input: 'square 4\n' },
    works: [{ line: '--to {math}', input: 'square 4\nsquare x\ntail a\nupload a @stream:-\n' }],
  },
  showkey: { works: [{ line: '--json' }, { line: '--key-file nothing' }] },
  tell: {
    works: [{ line: '-to={math} -method=square 4' }, { line: '-to={math} -method=echo -f name=1 [2.50]' }],
  },
  token: { works: [{ line: '/bob/prod/math' }] },
  top: {
    bare: { measured: /\d+(?:\.\d+)?(?= ms\b| of | GiB)/g },
    works: [{ line: '/bob/prod/math -o name' }, { line: '--interval 1ms' }],
  },
  wait: {
    works: [
      { line: '/bob/prod/math' },
      { line: '/bob/prod/math --for answering,count=1 --json', measured: JSON_NUMBERS },
      { line: '/bob/prod/nothing --for gone' },
      { line: '/bob/prod/math --for gone --for count=2' },
      { line: '/bob/prod/math --for soon' },
    ],
  },
  watch: { bare: { serves: 'watches' }, works: [{ line: '/bob/prod --json', serves: 'watches' }] },
};
