// Loaded into the program with --require. Writes the peak of its resident memory, in KiB, to the file PEAK_FILE when it exits.
const { readFileSync, writeFileSync } = require('node:fs');

process.on('exit', () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  writeFileSync(process.env.PEAK_FILE, /^VmHWM:\s+(\d+) kB$/m.exec(status)[1]);
});
