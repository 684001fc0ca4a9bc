import { describe, expect, it } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { PageKite } from '../../../src/lib/kite/page/page-kite.js';
import { readRecording, wireRecordings } from '../../helpers/wire/wire-recordings.js';

/** The list of extensions after the arguments of a call, in the quotes of any transport. */
const ANNOUNCED = /,\\*"extensions\\*":\[[^\]]*\]/g;

/** Texts of errors that name the path of a value that cannot be sent, and those of 0.1. */
const REWORDED = [
  ['result: a BigInt cannot be sent to this peer', 'Do not know how to serialize a BigInt'],
] as const;

function asBefore(frame: string): string {
  return REWORDED.reduce((text, [now, before]) => text.replaceAll(now, before), frame);
}

/** Joins array frames: how many messages share one depends on how fast the other side is. */
function together(frames: readonly string[]): string[] {
  const all: string[] = [];
  for (const frame of frames) {
    const [, opening = '', messages] = /^(a?\[)(".*")\]$/s.exec(frame) ?? [];
    const last = all.at(-1);
    if (messages === undefined || !last?.startsWith(`${opening}"`) || opening === '') all.push(frame);
    else all[all.length - 1] = `${last.slice(0, -1)},${messages}]`;
  }
  return all;
}

describe('peers that know no extensions', () => {
  it.each(wireRecordings)(
    'a peer without extensions gets every byte that kitectl 0.1 has sent: $name',
    async ({ name, record }) => {
      const [first = '', ...rest] = await record({ Kite, PageKite });
      const recorded = readRecording(name);
      // Only a first call announces, and only to a peer from which nothing is known.
      const announced = [first, ...rest].map((frame) => frame.match(ANNOUNCED)?.length ?? 0);
      expect(announced.slice(1)).toEqual(rest.map(() => 0));
      expect(announced[0]).toBe(name.startsWith('kite-') ? 0 : 1);
      expect(together([first.replace(ANNOUNCED, ''), ...rest].map(asBefore))).toEqual(together(recorded));
    },
  );

  it('every transport of kites, clients and pages has a recording of kitectl 0.1', () => {
    const frames = wireRecordings.map(({ name }) => readRecording(name).length);
    console.log(
      `recordings of 0.1: ${frames.length}, with ${frames.reduce((sum, count) => sum + count)} frames`,
    );
    expect(frames).toHaveLength(12);
    expect(Math.min(...frames)).toBeGreaterThan(10);
  });
});
