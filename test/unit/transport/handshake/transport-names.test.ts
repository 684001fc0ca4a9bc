import { describe, expect, it } from 'vitest';
import { TRANSPORT_NAMES } from '../../../../src/lib/transport/handshake/transport-names.js';

describe('TRANSPORT_NAMES', () => {
  it('TRANSPORT_NAMES has one name for flags and one for programs for each transport', () => {
    const names = Object.entries(TRANSPORT_NAMES);
    expect(new Set(names.map(([, name]) => name)).size).toBe(names.length);
    expect(names.every(([flag]) => flag === flag.toLowerCase())).toBe(true);
  });
});
