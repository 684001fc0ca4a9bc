import { describe, expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// What a command prints of a peer goes through `write` or `writePieces`, which wait for the reader, or is printed when a message
// arrives, while an `InputGate` makes the peer wait for the reader. These tests find writers and kites that do neither.

/** How a file that writes to a stream directly keeps its output small. */
const WRITERS: Readonly<Record<string, string>> = {
  'bench/bench.ts': 'one line',
  'call/at-all-kites.ts': 'a failure per kite',
  'call/repeated.ts': 'a line per attempt',
  'call/call.ts': 'calls of a callback, behind the gate of the connection',
  'call/output-window.ts': 'waits for the reader itself',
  'expose/expose-events.ts': 'one line',
  'expose/expose.ts': 'a line for each field of an identity',
  'frame/base-command.ts': 'one line',
  'frame/fast-path-config.ts': 'one line',
  'frame/report-failure.ts': 'one failure',
  'frame/server-lifecycle.ts': 'a LineGate leaves out lines',
  'frame/through-oclif.ts': 'the help',
  'kontrol/audit-output.ts': 'a LineGate leaves out lines; a file accepts them',
  'kontrol/initial.ts': 'one line',
  'kontrol/kontrol-keys.ts': 'one line',
  'kontrol/kontrol-start.ts': 'a line for each step of the start',
  'kontrol/kontrol-users.ts': 'one line',
  'kontrol/reseal.ts': 'one line',
  'kontrol/export-import.ts': 'one line at the end; the export waits for its output',
  'proxy/proxy-start.ts': 'a line for each step of the start',
  'proxy/proxy-status.ts': 'a line for each proxy',
  'query/follow-kites.ts': 'notes about the connection, each once',
  'query/wait-for-kites.ts': 'notes about the connection, each once',
  'runtime/command-runtime.ts': 'the mechanism itself',
  'runtime/process-runtime.ts': 'writes nothing, to wait for the end',
  'shell/line-reader.ts': 'what the user types',
  'shell/shell.ts': 'calls of a callback, behind the gate of the connection; notes',
  'target/discovery.ts': 'one line',
  'target/caller-methods.ts': 'a PeerLog leaves out messages, behind the gate of the connection',
  'target/connect-at-path.ts': 'one line',
  'terminal/listing.ts': 'one line',
  'terminal/progress-line.ts': 'one line per interval',
  'terminal/prompt-output.ts': 'what the user types',
  'terminal/spinner.ts': 'one line, not while the terminal accepts none',
  'top/top.ts': 'one line',
  'top/full-screen.ts': 'one screen, not while the terminal accepts none',
};

/** Files that create a kite whose connections have no gate. */
const UNGATED: Readonly<Record<string, string>> = {
  'doctor/kontrol-checks.ts': 'prints a line for each check at the end',
  'expose/exposed-identity.ts': 'asks for one identity',
  'expose/exposed-kite.ts': 'forwards messages, and prints none of them',
  'register/register.ts': 'prints one kite key at the end',
  'serve/serve.ts': 'a server, which prints a log with a LineGate',
};

const files = sourceFiles()
  .filter(({ path }) => path.startsWith('src/lib/cli/') || path.startsWith('src/commands/'))
  .map(({ path, text }) => ({ path: path.replace('src/lib/cli/', ''), code: withoutComments(text) }));

const matching = (pattern: RegExp): string[] =>
  files.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

describe('the output of commands', () => {
  it('the files that write to a stream directly are listed, with how much they write', () => {
    const writers = matching(/\b(?:stdout|stderr|output|stream|terminal)\s*\.write\(/);
    console.log(`${files.length} files walked: ${writers.length} write to a stream directly`);
    expect(files.length).toBeGreaterThan(200);
    expect(writers.toSorted()).toEqual(Object.keys(WRITERS).toSorted());
  });

  it('the kites of commands that print what a peer sends wait for the reader of the output', () => {
    const gated = matching(/replaceDialed: \(channel\) => gate\.watch\(channel\)/);
    const kites = matching(/\bnew Kite\(/);
    expect(gated).toEqual(['target/with-connection.ts', 'target/with-kontrol.ts', 'top/top.ts']);
    expect(kites.filter((path) => !gated.includes(path)).toSorted()).toEqual(Object.keys(UNGATED).toSorted());
  });
});
