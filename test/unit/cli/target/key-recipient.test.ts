import { describe, expect, it } from 'vitest';
import {
  admitKontrol,
  keyRefusal,
  type Recipient,
  RegistrationCheck,
} from '../../../../src/lib/cli/target/key-recipient.js';
import { CommandSettings } from '../../../../src/lib/cli/settings/command-settings.js';
import { connectionSettings, kontrolSettings } from '../../../../src/lib/cli/settings/connection-settings.js';

const OWN = process.geteuid?.() ?? -1;
const OTHER = OWN + 1;
const LOCAL = { url: 'http://localhost:3636/kite', remoteAddress: '127.0.0.1:3636' };
const REMOTE = { url: 'http://kites.localhost:3636/kite', remoteAddress: '203.0.113.7:3636' };

const kiteSettings = (auth?: string, env = {}): CommandSettings =>
  CommandSettings.fromFlags(connectionSettings, { auth }, env);
const settingsOfKontrol = (auth?: string, env = {}): CommandSettings =>
  CommandSettings.fromFlags(kontrolSettings, { auth }, env);

const ALLOWED = { KITE_KONTROL_AUTH: 'kite-key' };

describe('keyRefusal', () => {
  it.each<[string, typeof LOCAL, Recipient, CommandSettings, readonly number[], RegExp | undefined]>([
    ['a kite of this user', LOCAL, 'kite', kiteSettings(), [OWN], undefined],
    ['a kite of another user', LOCAL, 'kite', kiteSettings(), [OTHER], /^Another user \(uid \d+\) listens/],
    [
      'a kite, one of whose sockets is of another user',
      LOCAL,
      'kite',
      kiteSettings(),
      [OWN, OTHER],
      /^Another/,
    ],
    [
      'a kite of an unknown user',
      LOCAL,
      'kite',
      kiteSettings(),
      [],
      /^This system does not report who listens/,
    ],
    [
      'a kite on another machine',
      REMOTE,
      'kite',
      kiteSettings(),
      [OWN],
      /is at 203\.0\.113\.7, on another machine/,
    ],
    ['any kite, with --auth', REMOTE, 'kite', kiteSettings('kite-key'), [OTHER], undefined],
    [
      'a kite of another user, with the variable',
      LOCAL,
      'kite',
      kiteSettings(undefined, ALLOWED),
      [OTHER],
      /^Another/,
    ],
    ['a Kontrol of this user', LOCAL, 'kontrol', settingsOfKontrol(), [OWN], undefined],
    ['a Kontrol of another user', LOCAL, 'kontrol', settingsOfKontrol(), [OTHER], /^Another user/],
    ['a Kontrol of an unknown user', LOCAL, 'kontrol', settingsOfKontrol(), [], /^This system/],
    ['a Kontrol on another machine', REMOTE, 'kontrol', settingsOfKontrol(), [], undefined],
    [
      'a Kontrol of another user, with --auth',
      LOCAL,
      'kontrol',
      settingsOfKontrol('kite-key'),
      [OTHER],
      undefined,
    ],
    [
      'a Kontrol of another user, with the variable',
      LOCAL,
      'kontrol',
      kiteSettings(undefined, ALLOWED),
      [OTHER],
      undefined,
    ],
  ])(
    'the kite key for %s is decided by its address and its user',
    (_, peer, recipient, settings, uids, message) => {
      const refused = keyRefusal(peer, recipient, settings, () => uids);
      if (message === undefined) expect(refused).toBeUndefined();
      else expect(refused?.message).toMatch(message);
    },
  );

  it('the hint names what the command accepts', () => {
    const hint = (settings: CommandSettings): string | undefined =>
      keyRefusal(LOCAL, 'kontrol', settings, () => [OTHER])?.hint;
    expect(hint(settingsOfKontrol())).toBe(
      'If you trust it, add --auth kite-key, or for all commands: export KITE_KONTROL_AUTH=kite-key',
    );
    expect(hint(kiteSettings())).toContain('KITE_KONTROL_AUTH=kite-key');
  });
});

describe('the check of a kite that a command runs', () => {
  const nobody = { url: 'http://localhost:1/kite', remoteAddress: '127.0.0.1:1' };
  const kiteKey = { type: 'kiteKey', key: 'key' };

  it('the check admits each peer to which the kite sends no kite key', () => {
    const admit = admitKontrol(settingsOfKontrol());
    admit(nobody, null);
    admit(nobody, { type: 'token', key: 'token' });
    expect(() => admit(nobody, kiteKey)).toThrow('is not sent');
  });

  it('the check ends the command only before the kite has registered', async () => {
    const early = new RegistrationCheck(settingsOfKontrol());
    expect(() => early.admitPeer(nobody, kiteKey)).toThrow('is not sent');
    await expect(early.refused).rejects.toThrow('is not sent');

    const late = new RegistrationCheck(settingsOfKontrol());
    const registered = {
      once(_name: string, listener: () => void) {
        listener();
        return () => {};
      },
    };
    late.observe(registered);
    expect(() => late.admitPeer(nobody, kiteKey)).toThrow('is not sent');
    const pending = Promise.resolve('pending');
    expect(await Promise.race([late.refused, pending])).toBe('pending');
  });
});
