import { describe, expect, it } from 'vitest';
import type { CalledKite } from '../../../../src/lib/cli/call/at-all-kites.js';
import { AllKitesPrinter } from '../../../../src/lib/cli/call/kite-lines.js';
import { usageError } from '../../../../src/lib/cli/runtime/cli-error.js';
import { RAW_LINE_LENGTH } from '../../../../src/lib/cli/runtime/command-limits.js';
import { Spinner } from '../../../../src/lib/cli/terminal/spinner.js';
import type { OutputFormat } from '../../../../src/lib/cli/terminal/output-format.js';
import { kitePath } from '../../../../src/lib/protocol/identity.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';
import { testIdentity } from '../../../helpers/kite/keys.js';

function kiteNamed(name: string): CalledKite {
  const kite = testIdentity({ username: 'bob', name });
  return { kite, path: kitePath(kite), url: `http://${name}/kite`, auth: null };
}

const math = kiteNamed('math');
const longer = kiteNamed('mathematics');

async function printer({ format, raw = false }: { format?: OutputFormat; raw?: boolean }, stdout: Sink) {
  const runtime = testRuntime({ stdout });
  return AllKitesPrinter.create({ format, raw }, [math, longer], new Spinner(runtime), runtime);
}

describe('AllKitesPrinter', () => {
  it('AllKitesPrinter prints results, items and calls of callbacks after the path of the kite', async () => {
    const stdout = new Sink();
    const lines = (await printer({}, stdout)).of(math);
    await lines.callback([1, 'a']);
    await lines.item('two\nlines');
    await lines.result({ a: 'x\ty' });
    expect(stdout.text).toBe(
      `${math.path}\t[1,"a"]\n${math.path}\t"two\\nlines"\n${math.path}\t{"a":"x\\ty"}\n`,
    );
  });

  it('AllKitesPrinter aligns the paths on a terminal', async () => {
    const stdout = new Sink({ isTTY: true });
    const all = await printer({ raw: true }, stdout);
    await all.of(math).result('a\u001b[2Jb');
    await all.of(longer).result('c');
    expect(stdout.text).toBe(`${math.path}         a\\x1b[2Jb\n${longer.path}  c\n`);
  });

  it('AllKitesPrinter prints an object per result, item, callback and failure in the formats for programs', async () => {
    const stdout = new Sink();
    const all = await printer({ format: 'json' }, stdout);
    const lines = all.of(math);
    await lines.item(1);
    await lines.callback([2]);
    await lines.streamed(undefined);
    await all.failed(math, usageError('No.', 'Yes.'));
    const objects = stdout.text.trimEnd().split('\n');
    const { kite, url } = math;
    expect(objects.map((text): unknown => JSON.parse(text))).toEqual([
      { kite, url, item: 1 },
      { kite, url, callback: [2] },
      { kite, url, ok: null },
      { kite, url, error: { type: 'usage', code: '', message: 'No.', requestId: '', hint: 'Yes.' } },
    ]);
  });

  it('AllKitesPrinter prints only the paths of the kites that answer in the format name', async () => {
    const stdout = new Sink();
    const all = await printer({ format: 'name' }, stdout);
    await all.of(math).result(16);
    const stream = all.of(longer);
    await stream.item(1);
    await stream.streamed(2);
    expect(all.failed(math, usageError('No.'))).toBe(false);
    expect(stdout.text).toBe(`${math.path}\n${longer.path}\n`);
  });

  it('AllKitesPrinter begins each line of raw text and bytes with the path, and joins the parts of a line', async () => {
    const stdout = new Sink();
    const lines = (await printer({ raw: true }, stdout)).of(math);
    const [begin, end] = [Buffer.from('f\u00fc').subarray(0, 2), Buffer.from('f\u00fc').subarray(2)];
    await lines.item(new Uint8Array(begin));
    await lines.item(new Uint8Array([...end, 10, 97]));
    await lines.streamed(undefined);
    await lines.item('one\r\ntwo');
    expect(stdout.text).toBe(
      ['f\u00fc', 'a', 'one', 'two'].map((text) => `${math.path}\t${text}\n`).join(''),
    );
  });

  it('AllKitesPrinter does not wait for the end of a line without end', async () => {
    const stdout = new Sink();
    const lines = (await printer({ raw: true }, stdout)).of(math);
    await lines.item(new Uint8Array(RAW_LINE_LENGTH + 1).fill(97));
    expect(stdout.text).toBe(`${math.path}\t${'a'.repeat(RAW_LINE_LENGTH + 1)}\n`);
  });
});
