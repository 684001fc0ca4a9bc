import { describe, expect, it } from 'vitest';
import { defaultInstallLimits } from '../../../../src/lib/cli/kites/install-limits.js';
import { composeLimits, limitsIn } from '../../../../src/lib/kite/limits/compose-limits.js';
import { connectionLimits, defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import { Kite } from '../../../../src/lib/kite/kite.js';
import { PageKite } from '../../../../src/lib/kite/page/page-kite.js';
import { WebRtcKite } from '../../../../src/lib/kite/page/webrtc-kite.js';
import { Kontrol } from '../../../../src/lib/kontrol/kontrol.js';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { defaultProxyLimits } from '../../../../src/lib/proxy/limits/proxy-limits.js';
import { ReverseProxy } from '../../../../src/lib/proxy/reverse/reverse-proxy.js';
import { TunnelProxy } from '../../../../src/lib/proxy/tunnel/tunnel-proxy.js';
import { peerLimits } from '../../../../src/lib/transport/limits/transport-limits.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { sourceFiles } from '../../../helpers/source-files.js';
import { FakeStorage } from '../../../helpers/storage/fake-storage.js';

const common = { env: { KITE_HOME: '/nowhere' }, logger: silentLogger };

/** Everything with an option `limits`, and the limits that it has. */
const OWNERS: readonly {
  readonly what: string;
  readonly defaults: object;
  readonly make: (limits: object) => unknown;
}[] = [
  {
    what: 'a kite',
    defaults: defaultLimits,
    make: (limits) => new Kite('k', '1.0.0', { ...common, limits, kiteKey: false }),
  },
  {
    what: 'Kontrol',
    defaults: defaultKontrolLimits,
    make: (limits) => new Kontrol({ ...common, limits, storage: new FakeStorage() }),
  },
  {
    what: 'a reverse proxy',
    defaults: defaultProxyLimits,
    make: (limits) => new ReverseProxy({ ...common, limits }),
  },
  {
    what: 'a tunnel proxy',
    defaults: defaultProxyLimits,
    make: (limits) => new TunnelProxy({ ...common, limits }),
  },
  {
    what: 'a page',
    defaults: connectionLimits,
    make: (limits) => new PageKite('k', '1.0.0', { ...common, limits }),
  },
  {
    what: 'a page with WebRTC',
    defaults: { ...connectionLimits, ...peerLimits },
    make: (limits) => new WebRtcKite('k', '1.0.0', { ...common, limits }),
  },
  {
    what: 'an installation',
    defaults: defaultInstallLimits,
    make: (limits) => composeLimits(defaultInstallLimits, limits),
  },
];

const BAD_VALUES = [
  undefined,
  null,
  '',
  '1MB',
  '1048576',
  Number.NaN,
  -1,
  0.5,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  true,
  1n,
  [],
  {},
  Symbol('x'),
  () => 1,
];

function refusal(make: () => unknown): { readonly code?: string; readonly message: string } {
  try {
    make();
  } catch (error) {
    return error as { code?: string; message: string };
  }
  return { message: 'accepted' };
}

describe('limits that are not valid', () => {
  it('limits with a bad value are refused with their name, each limit with each bad value', () => {
    let cases = 0;
    for (const { what, defaults, make } of OWNERS) {
      for (const name of Object.keys(defaults)) {
        for (const value of BAD_VALUES) {
          const { code, message } = refusal(() => make({ [name]: value }));
          expect({ what, value, code }).toEqual({ what, value, code: 'badValue' });
          expect(message).toContain(`The limit "${name}" is `);
          cases++;
        }
      }
    }
    console.log(`limits: ${cases} bad values refused, in ${OWNERS.length} places with an option limits`);
    expect(cases).toBeGreaterThan(2000);
  });

  it('limits with a misspelt name are refused, each with one letter missing and in another case', () => {
    let cases = 0;
    for (const { what, defaults, make } of OWNERS) {
      for (const name of Object.keys(defaults)) {
        for (const misspelt of [name.slice(0, -2), name.toUpperCase(), ` ${name}`]) {
          const { code, message } = refusal(() => make({ [misspelt]: 1 }));
          const expected = `The limit "${misspelt}" does not exist`;
          expect({ what, code, message }).toEqual({ what, code: 'badValue', message: expected });
          cases++;
        }
      }
    }
    console.log(`limits: ${cases} misspelt names refused`);
    for (const { make } of OWNERS) expect(refusal(() => make({ toString: 1 })).code).toBe('badValue');
  });

  it('limits are composed by one function only', () => {
    const spread = /\.\.\.(?:default\w*Limits|connectionLimits|peerLimits), \.\.\.|\.\.\.options\.limits/;
    const files = sourceFiles().filter(({ path }) => !path.endsWith('-limits.ts'));
    const elsewhere = files.filter(({ text }) =>
      text.split('\n').some((line) => spread.test(line) && !line.includes('composeLimits(')),
    );
    console.log(`limits: ${files.length} files walked for another way to compose limits`);
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
  });
});

describe('composeLimits', () => {
  it('composeLimits changes the limits that are set, 0 included, and keeps the other defaults', () => {
    expect(composeLimits({ a: 1, b: 2, c: 3 }, { b: 0, c: 9 })).toEqual({ a: 1, b: 0, c: 9 });
    expect(composeLimits({ a: 1 })).toEqual({ a: 1 });
  });

  it('limitsIn returns the limits of one layer', () => {
    expect(limitsIn({ a: 1, b: 2 }, { b: 3, c: 4 })).toEqual({ b: 3 });
  });
});
