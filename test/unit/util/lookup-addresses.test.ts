import { describe, expect, it } from 'vitest';
import { lookupAddresses } from '../../../src/lib/util/lookup-addresses.js';

describe('lookupAddresses', () => {
  it('lookupAddresses resolves with every address of a host', async () => {
    expect(await lookupAddresses('127.0.0.1')).toEqual(['127.0.0.1']);
    expect(await lookupAddresses('localhost')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(127\.0\.0\.1|::1)$/)]),
    );
  });

  it('lookupAddresses rejects for a host without an address', async () => {
    await expect(lookupAddresses('nowhere.invalid')).rejects.toMatchObject({ hostname: 'nowhere.invalid' });
  });
});
