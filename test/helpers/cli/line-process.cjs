// Runs command lines in one process, one after another, each as if it were alone:
//
//     fork('line-process.cjs', [ROOT, ENTRY])
//
// ROOT is the folder of the package, ENTRY the function of dist/cli.cjs that runs a command line. Each message is a line,
// {args,env,input}; the reply is its outcome, {code,stdout,stderr}.
'use strict';

const { Console } = require('node:console');
const path = require('node:path');
const { Readable, Writable } = require('node:stream');

const [root, entry] = process.argv.slice(2);
const { load } = require(path.join(root, 'bin', 'load.js'));
const { [entry]: run } = load(path.join(root, 'dist', 'cli.cjs'));
const environment = { ...process.env };

/** A stream that stores what is written to it. */
function sink() {
  const chunks = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

function setStreams(streams) {
  for (const [name, value] of Object.entries(streams)) {
    Object.defineProperty(process, name, { value, configurable: true });
  }
  // The console holds the streams that it used first.
  globalThis.console = new Console(streams.stdout, streams.stderr);
}

/** Closes the sockets and servers that a line has opened, as the end of its process would. */
function closeHandles(before) {
  for (const handle of process._getActiveHandles()) {
    if (before.has(handle)) continue;
    if (typeof handle.destroy === 'function') handle.destroy();
    else handle.close?.();
  }
}

async function outcomeOf({ args, env, input }) {
  const handles = new Set(process._getActiveHandles());
  const [stdout, stderr] = [sink(), sink()];
  const stdin = Readable.from(input === undefined ? [] : [Buffer.from(input)], { objectMode: false });
  setStreams({ stdin, stdout: stdout.stream, stderr: stderr.stream });
  process.argv = [process.execPath, path.join(root, 'bin', 'run.js'), ...args];
  process.exitCode = undefined;
  process.env = { ...environment, ...env };
  const code = await new Promise((resolve, reject) => {
    // Nothing after a call of `process.exit` runs, as in a process that has ended.
    process.exit = (exitCode) => {
      resolve(exitCode ?? process.exitCode ?? 0);
      return new Promise(() => {});
    };
    run(root).catch(reject);
  });
  for (const event of ['SIGBREAK', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'beforeExit'])
    process.removeAllListeners(event);
  closeHandles(handles);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

process.on('message', (line) => {
  outcomeOf(line)
    .then((outcome) => process.send(outcome))
    .catch((error) => {
      throw error;
    });
});
