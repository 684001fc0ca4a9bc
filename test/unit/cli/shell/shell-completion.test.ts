import { describe, expect, it } from 'vitest';
import { ShellCompletion } from '../../../../src/lib/cli/shell/shell-completion.js';

describe('completion', () => {
  it('completion in the shell lists the methods of the kite and shell commands, and nothing for arguments', () => {
    const completion = new ShellCompletion();
    for (const name of ['square', 'squeeze', 'bad name', 'bad\u001b']) completion.addMethod(name);
    expect(completion.complete('squ')).toEqual([['square', 'squeeze'], 'squ']);
    expect(completion.complete('  squa')).toEqual([['square '], 'squa']);
    expect(completion.complete('.e')).toEqual([['.exit '], '.e']);
    expect(completion.complete('kite.p')).toEqual([['kite.ping '], 'kite.p']);
    expect(completion.complete('square 4')).toEqual([[], 'square 4']);
    expect(completion.complete('')).toEqual([['.exit', '.help', '.methods', 'square', 'squeeze'], '']);
    expect(completion.complete('bad')).toEqual([[], 'bad']);
  });
});
