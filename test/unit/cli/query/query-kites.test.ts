import { describe, expect, it } from 'vitest';
import { kiteListing } from '../../../../src/lib/cli/query/query-kites.js';
import type { CommandRuntime } from '../../../../src/lib/cli/runtime/command-runtime.js';
import type { FoundKite } from '../../../../src/lib/cli/target/discovery.js';
import { formatList as formatRows } from '../../../../src/lib/cli/terminal/listing.js';
import { found } from '../../../helpers/cli/found-kites.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

describe('the list of kites', () => {
  const formatList = async (found: readonly FoundKite[], world: CommandRuntime) =>
    Array.from(await formatRows(found, kiteListing, undefined, world)).join('');

  it('the list of kites has one line of three fields per kite in a pipe', async () => {
    expect(await formatList([found('a'), found('b')], testRuntime())).toBe(
      '1\t/bob/prod/a/1.0.0/eu/vm/id-a\thttp://a/kite\n2\t/bob/prod/b/1.0.0/eu/vm/id-b\thttp://b/kite\n',
    );
  });

  it('the list of kites escapes line breaks in the names of kites', async () => {
    const { kite, url } = found('a');
    const text = await formatList(
      [{ kite: { ...kite, hostname: 'x\n2\t/bob' }, url, token: '' }],
      testRuntime(),
    );
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text.match(/\t/g)).toHaveLength(2);
  });

  it('the list of kites is a table on a terminal, no wider than it', async () => {
    const stdout = new Sink({ isTTY: true, columns: 72 });
    const text = await formatList([found('math')], testRuntime({ stdout, color: 'never' }));
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(72);
    expect(text).toContain('math');
    expect(text).not.toContain('token');
  });
});
