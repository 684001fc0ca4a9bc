import { describe, expect, it } from 'vitest';
import { Sealer } from '../../../../../src/lib/kontrol/storage/shared/sealer.js';

describe('Sealer', () => {
  it('a sealed key opens with a previous secret, and is sealed with the new one', async () => {
    const old = await new Sealer('old').seal('PRIVATE', 'pair-1');
    const both = new Sealer('new', 'old');
    expect(await both.open(old, 'pair-1')).toBe('PRIVATE');
    const fresh = await both.seal('PRIVATE', 'pair-1');
    expect(await new Sealer('new').open(fresh, 'pair-1')).toBe('PRIVATE');
    expect(await Promise.all([old, fresh, 'PRIVATE'].map((text) => both.isCurrent(text, 'pair-1')))).toEqual([
      false,
      true,
      false,
    ]);
    const third = await new Sealer('third').seal('PRIVATE', 'pair-1');
    await expect(both.open(third, 'pair-1')).rejects.toThrow('neither KONTROL_SECRET nor the former one');
  });

  it('a sealed key opens with the same secret, and does not contain the private key', async () => {
    const sealed = await new Sealer('a secret').seal('PRIVATE KEY ü', 'pair-1');
    expect(sealed).not.toContain('PRIVATE');
    expect(await new Sealer('a secret').open(sealed, 'pair-1')).toBe('PRIVATE KEY ü');
  });

  it('a sealed key is different each time', async () => {
    const sealer = new Sealer('a secret');
    expect(await sealer.seal('PRIVATE', 'pair-1')).not.toBe(await sealer.seal('PRIVATE', 'pair-1'));
  });

  it('a private key is stored plain without a secret', async () => {
    const sealer = new Sealer(undefined);
    expect(sealer.seals).toBe(false);
    expect(await sealer.seal('PRIVATE', 'pair-1')).toBe('PRIVATE');
  });

  it('a plain private key opens with a secret as well', async () => {
    expect(await new Sealer('a secret').open('-----BEGIN', 'pair-1')).toBe('-----BEGIN');
  });

  it.each([
    ['another secret', 'pair-1', 'is not the secret with which it was stored'],
    [undefined, 'pair-1', 'KONTROL_SECRET is not set'],
    ['a secret', 'pair-2', 'is not the secret with which it was stored'],
  ])('a sealed key does not open with the secret %s as %s', async (secret, context, why) => {
    const sealed = await new Sealer('a secret').seal('PRIVATE', 'pair-1');
    await expect(new Sealer(secret).open(sealed, context)).rejects.toThrow(why);
  });

  it.each(['sealed:1:', 'sealed:1:AAAA', `sealed:1:${'A'.repeat(200)}`])(
    'a malformed sealed key is reported: %s',
    async (text) => {
      await expect(new Sealer('a secret').open(text, 'pair-1')).rejects.toMatchObject({ code: 'broken' });
    },
  );

  it('a sealed key does not open after a bit has changed', async () => {
    const sealer = new Sealer('a secret');
    const sealed = Buffer.from((await sealer.seal('PRIVATE', 'pair-1')).slice('sealed:1:'.length), 'base64');
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    await expect(sealer.open(`sealed:1:${sealed.toString('base64')}`, 'pair-1')).rejects.toMatchObject({
      code: 'broken',
    });
  });
});
