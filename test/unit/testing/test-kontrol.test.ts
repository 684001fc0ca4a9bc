import { describe, expect, it, onTestFinished } from 'vitest';
import { testKontrol } from '../../../src/lib/testing.js';

describe('a Kontrol in memory', () => {
  it('kites at a Kontrol in memory find and call each other', async () => {
    const kit = await testKontrol();
    onTestFinished(() => kit.close());
    const math = await kit.kite('math');
    math.handle<[number], number>('square', ({ args: [n] }) => n * n);
    await math.listen();
    await math.register();
    const caller = await kit.kite('caller');
    const [found] = await caller.getKites({ username: 'bob', environment: 'test', name: 'math' });
    const client = found?.client();
    await client?.dial();
    expect(await client?.tell('square', 4)).toBe(16);
  });
});
