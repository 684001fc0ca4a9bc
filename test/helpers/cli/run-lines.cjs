// Runs many command lines in one process, one after another, each as if it were alone:
//
//     node run-lines.cjs ROOT ENTRY < LINES
//
// ROOT is the folder of the package, ENTRY the function of dist/cli.cjs that runs a command line, LINES a JSON array of
// arrays of arguments. Prints the outcomes as a JSON array of {code,stdout,stderr}. For lines that end by themselves and
// need no input: to start a process for each takes longer than what is tested.
'use strict';

const { Console } = require('node:console');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { Writable } = require('node:stream');

const [root, entry] = process.argv.slice(2);
const lines = JSON.parse(readFileSync(0, 'utf8'));
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

function setStreams(stdout, stderr) {
  Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
  Object.defineProperty(process, 'stderr', { value: stderr, configurable: true });
  // It uses the streams of its first run.
  globalThis.console = new Console(stdout, stderr);
}

async function outcomeOf(args) {
  const [stdout, stderr] = [sink(), sink()];
  setStreams(stdout.stream, stderr.stream);
  process.argv = [process.execPath, path.join(root, 'bin', 'run.js'), ...args];
  process.exitCode = undefined;
  process.env = { ...environment };
  const code = await new Promise((resolve, reject) => {
    // Code after it would not run in a process that has ended.
    process.exit = (exitCode) => {
      resolve(exitCode ?? process.exitCode ?? 0);
      return new Promise(() => {});
    };
    run(root).catch(reject);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

async function main() {
  const { stdout } = process;
  const exit = process.exit.bind(process);
  const outcomes = [];
  for (const line of lines) outcomes.push(await outcomeOf(line));
  stdout.write(JSON.stringify(outcomes), () => exit(0));
}

void main();
