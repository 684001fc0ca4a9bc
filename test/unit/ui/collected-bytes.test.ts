import { describe, expect, it } from 'vitest';
import { CollectedBytes } from '../../../src/ui/collected-bytes.js';
import { DOWNLOAD_BYTES } from '../../../src/ui/page-limits.js';

describe('the bytes that the page offers for download', () => {
  it('bytes are collected in order, also none', () => {
    const bytes = new CollectedBytes();
    expect(bytes.parts).toEqual([]);
    bytes.add(Uint8Array.of(1, 2));
    bytes.add(Uint8Array.of(3));
    expect(bytes.parts).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
  });

  it('bytes above DOWNLOAD_BYTES are dropped, with all that follow', () => {
    const bytes = new CollectedBytes();
    bytes.add(new Uint8Array(DOWNLOAD_BYTES));
    expect(bytes.parts).toHaveLength(1);
    bytes.add(new Uint8Array(1));
    bytes.add(new Uint8Array(1));
    expect(bytes.parts).toBeUndefined();
  });
});
