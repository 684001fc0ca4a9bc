import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { OUTPUT_QUEUE_BYTES } from '../../../../src/lib/cli/runtime/command-limits.js';
import { LineGate, omittedLines } from '../../../../src/lib/cli/runtime/line-gate.js';

describe('LineGate', () => {
  it('LineGate leaves out lines while the output is not read, and reports their number once it is', async () => {
    let accept: (() => void) | undefined;
    const output = new Writable({
      write(_chunk, _encoding, done) {
        accept = done;
      },
    });
    const reported: number[] = [];
    const gate = new LineGate(output, (omitted) => reported.push(omitted));
    expect(gate.admits()).toBe(true);
    output.write('x'.repeat(OUTPUT_QUEUE_BYTES + 1));
    expect([gate.admits(), gate.admits(), reported]).toEqual([false, false, []]);
    const drained = new Promise((resolve) => output.once('drain', resolve));
    accept?.();
    await drained;
    expect([reported, gate.admits()]).toEqual([[2], true]);
  });

  it('omittedLines counts in words', () => {
    expect(omittedLines(1)).toBe('1 line was left out here, because the output was not read');
    expect(omittedLines(2)).toBe('2 lines were left out here, because the output was not read');
  });
});
