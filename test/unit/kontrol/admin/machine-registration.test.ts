import { describe, expect, it } from 'vitest';
import { Invites } from '../../../../src/lib/kontrol/admin/invites.js';
import { MachineRegistration } from '../../../../src/lib/kontrol/admin/machine-registration.js';
import {
  type AdmissionLimits,
  defaultKontrolLimits,
} from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { makeCore, settled } from '../../../helpers/kite/cores.js';
import { setUpKeyRing } from '../../../helpers/kontrol/key-ring.js';
import { MemoryChannel } from '../../../helpers/transport/memory-channel.js';

const LIMITED = { type: 'requestLimitError' };

/** A kite that registers machines, and callers at chosen addresses. */
async function setUp(limits: Partial<AdmissionLimits>) {
  const { clock, storage, keyRing } = await setUpKeyRing();
  const registration = new MachineRegistration({
    mode: 'invite',
    kontrolUser: 'kontrol',
    keyRing,
    invites: new Invites(storage, clock),
    limits: { ...defaultKontrolLimits, ...limits },
    clock,
  });
  const server = makeCore({ clock });
  server.handle('registerMachine', (request) => registration.register(request)).disableAuthentication();

  const connect = async (address: string) => {
    const dialer = () => {
      const [near, far] = MemoryChannel.pair();
      server.accept(Object.assign(far, { remoteAddress: `${address}:50412` }));
      return Promise.resolve(near);
    };
    const kite = makeCore({ clock, dialer, timeout: 0 });
    const client = kite.newClient('memory:', { trustRemote: ['kite.getPass'] });
    await client.dial();
    return { kite, client };
  };

  /** Sends a wrong invite with the call, so that the caller is not prompted. */
  const guess = async (address: string): Promise<unknown> => {
    const { client } = await connect(address);
    return client.tell('registerMachine', { invite: 'guess' });
  };

  /** Connects a caller that is prompted for an invite and does not answer. Undefined if the call is rejected. */
  const prompted = async (address: string) => {
    const { kite, client } = await connect(address);
    let prompts = 0;
    kite.handle('kite.getPass', () => {
      prompts++;
      return new Promise(() => {});
    });
    const result = client.tell('registerMachine', 'dave').catch((error: unknown) => error);
    await settled();
    return { client, result, isPrompted: prompts === 1 };
  };

  return { clock, guess, prompted };
}

describe('the registration of a machine', () => {
  const wrong = { code: 'badInvite' };

  it('the registration of a machine rejects an address that has no attempt left, until registrationInterval has passed', async () => {
    const { clock, guess } = await setUp({ registrationAttempts: 2, registrationInterval: 1000 });
    await expect(guess('10.0.0.1')).rejects.toMatchObject(wrong);
    await expect(guess('10.0.0.1')).rejects.toMatchObject(wrong);
    clock.advance(999);
    await expect(guess('10.0.0.1')).rejects.toMatchObject(LIMITED);
    clock.advance(1);
    await expect(guess('10.0.0.1')).rejects.toMatchObject(wrong);
    await expect(guess('10.0.0.1')).rejects.toMatchObject(LIMITED);
  });

  it('the registration of a machine counts all addresses of one /64 network of IPv6 as one', async () => {
    const { guess, prompted } = await setUp({ registrationAttempts: 2, promptsPerAddress: 1 });
    await expect(guess('2001:db8:1:2::1')).rejects.toMatchObject(wrong);
    await expect(guess('2001:db8:1:2:ffff::9')).rejects.toMatchObject(wrong);
    await expect(guess('2001:db8:1:2:3:4:5:6')).rejects.toMatchObject(LIMITED);
    await expect(guess('2001:db8:1:3::1')).rejects.toMatchObject(wrong);
    expect((await prompted('2001:db8:9:9::1')).isPrompted).toBe(true);
    expect((await prompted('2001:db8:9:9::2')).isPrompted).toBe(false);
    expect((await prompted('2001:db8:9:a::2')).isPrompted).toBe(true);
  });

  it('the registration of a machine forgets the address that was seen least recently when it counts registrationAddresses', async () => {
    const { guess } = await setUp({ registrationAttempts: 1, registrationAddresses: 2 });
    await expect(guess('10.0.0.1')).rejects.toMatchObject(wrong);
    await expect(guess('10.0.0.2')).rejects.toMatchObject(wrong);
    await expect(guess('10.0.0.1')).rejects.toMatchObject(LIMITED);
    await expect(guess('10.0.0.3')).rejects.toMatchObject(wrong);
    await expect(guess('10.0.0.1')).rejects.toMatchObject(LIMITED);
    await expect(guess('10.0.0.2')).rejects.toMatchObject(wrong);
  });

  it('the registration of a machine rejects a call while as many callers as prompts allows are prompted', async () => {
    const { prompted } = await setUp({ prompts: 2 });
    const [first, second] = [await prompted('10.0.0.1'), await prompted('10.0.0.2')];
    expect([first.isPrompted, second.isPrompted]).toEqual([true, true]);
    const third = await prompted('10.0.0.3');
    expect(third.isPrompted).toBe(false);
    expect(await third.result).toMatchObject(LIMITED);
    first.client.close();
    await settled();
    expect((await prompted('10.0.0.3')).isPrompted).toBe(true);
  });

  it('the registration of a machine rejects a call while as many callers at its address as promptsPerAddress allows are prompted', async () => {
    const { prompted } = await setUp({ promptsPerAddress: 1 });
    expect((await prompted('10.0.0.1')).isPrompted).toBe(true);
    const second = await prompted('10.0.0.1');
    expect(second.isPrompted).toBe(false);
    expect(await second.result).toMatchObject(LIMITED);
    expect((await prompted('10.0.0.2')).isPrompted).toBe(true);
  });

  it('the registration of a machine fails with inviteNeeded if the prompt is not answered within promptTimeout', async () => {
    const { clock, prompted } = await setUp({ prompts: 1, promptTimeout: 1000 });
    const { result } = await prompted('10.0.0.1');
    clock.advance(999);
    expect((await prompted('10.0.0.2')).isPrompted).toBe(false);
    clock.advance(1);
    expect(await result).toMatchObject({ code: 'inviteNeeded' });
    expect((await prompted('10.0.0.2')).isPrompted).toBe(true);
  });
});
