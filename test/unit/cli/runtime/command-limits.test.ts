import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  HISTORY_LENGTH,
  HISTORY_LINE_LENGTH,
  LAST_LINE_BYTES,
  PEM_FILE_BYTES,
} from '../../../../src/lib/cli/runtime/command-limits.js';
import { LastLine } from '../../../../src/lib/cli/runtime/last-line.js';
import { History } from '../../../../src/lib/cli/shell/history.js';
import { readPem } from '../../../../src/lib/cli/target/read-pem.js';

function temporaryFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kitectl-limits-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, name);
}

describe('the limits of commands', () => {
  it('the limits of commands bound the history of the shell', async () => {
    const history = new History(temporaryFile('history'));
    expect(await history.add('x'.repeat(HISTORY_LINE_LENGTH + 1))).toBe('tooLong');
    expect(await history.add('x'.repeat(HISTORY_LINE_LENGTH))).toBe('created');
    for (let n = 0; n < HISTORY_LENGTH; n++) await history.add(`line ${n}`);
    const lines = await history.read();
    expect(lines).toHaveLength(HISTORY_LENGTH);
    expect(lines.at(-1)).toBe('line 0');
  });

  it('the limits of commands bound the size of a PEM file', async () => {
    const file = temporaryFile('key.pem');
    writeFileSync(file, 'x'.repeat(PEM_FILE_BYTES + 1));
    expect(await readPem(file, false)).toHaveLength(PEM_FILE_BYTES);
  });

  it('the limits of commands bound the output that is searched for its last line', () => {
    const line = new LastLine();
    line.add(Buffer.from('y'.repeat(2 * LAST_LINE_BYTES)));
    expect(line.text()).toHaveLength(LAST_LINE_BYTES);
  });
});
