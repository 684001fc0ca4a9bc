import { expectTypeOf } from 'vitest';
import { Kite as PageKite } from 'kitectl/browser';
import {
  type Client,
  Kite,
  type KiteOptions,
  type KontrolOptions,
  type KontrolPeer,
  type PeerLimits,
  type Registration,
  type RtcConfiguration,
} from 'kitectl/browser/webrtc';

interface Bank {
  square(n: number): number;
}

const kite = new Kite<Bank>('page', '1.0.0', {
  rtc: { iceServers: [] },
  limits: { peers: 5, callsPerConnection: 5 },
});

// The kite of `kitectl/browser`, which other pages can reach.
expectTypeOf(kite).toExtend<PageKite<Bank>>();
expectTypeOf(kite.newClient<Bank>('webrtc://id')).toEqualTypeOf<Client<Bank>>();
kite.handle('square', ({ args }) => {
  expectTypeOf(args).toEqualTypeOf<[n: number]>();
  return 4;
});

void (async () => {
  const kontrol = kite.kontrol({
    url: 'https://kontrol.example.com/kite',
    auth: { type: 'kiteKey', key: 'x' },
    saveKiteKey(jwt) {
      expectTypeOf(jwt).toEqualTypeOf<string>();
    },
  });
  expectTypeOf(kontrol).toEqualTypeOf<KontrolPeer>();
  expectTypeOf((await kontrol.register()).url).toEqualTypeOf<string>();
  expectTypeOf(await kontrol.registerForever()).toEqualTypeOf<Registration>();
});

expectTypeOf<KiteOptions['rtc']>().toEqualTypeOf<RtcConfiguration | undefined>();
expectTypeOf<KontrolOptions['saveKiteKey']>().toEqualTypeOf<
  ((jwt: string) => void | Promise<void>) | undefined
>();
expectTypeOf<keyof PeerLimits>().toEqualTypeOf<
  'peers' | 'sessionsPerPeer' | 'descriptionLength' | 'candidates'
>();
// @ts-expect-error Pages do not listen.
void (() => new Kite('page', '1.0.0', { port: 3636 }));
// @ts-expect-error A kite of `kitectl/browser` has no `rtc`.
void (() => new PageKite('page', '1.0.0', { rtc: {} }));
