import { describe, expect, it } from 'vitest';
import { defaultKontrolLimits } from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { openPolicy } from '../../../../src/lib/kontrol/policy/policy.js';
import {
  type KitesResponseContent,
  KitesResponses,
  type KitesResult,
} from '../../../../src/lib/kontrol/registry/kites-responses.js';
import type { Registry } from '../../../../src/lib/kontrol/registry/registry.js';
import type { RegistryEntry } from '../../../../src/lib/kontrol/registry/registry-entry.js';
import type { Caller } from '../../../../src/lib/kontrol/tokens/caller.js';
import type { TokenIssuer } from '../../../../src/lib/kontrol/tokens/token-issuer.js';
import { pieceText } from '../../../../src/lib/transport/channel/outgoing-message.js';
import { registration } from '../../../helpers/kontrol/kontrol.js';

const KITES = 60_000;

/** Kites that differ in their ids only, and count how often they are read. */
function countedKites(messageBytes: number) {
  const reads = { count: 0, most: 0 };
  const entries = Array.from({ length: KITES }, (_, n) => {
    const { kite, url, keyId, registeredAt } = registration(`k${n}`);
    return {
      url,
      keyId,
      registeredAt,
      get kite() {
        reads.count++;
        return kite;
      },
      get silentSince() {
        reads.count++;
        return n % 100 === 0 ? 1 : undefined;
      },
    } as unknown as RegistryEntry;
  });
  const responses = new KitesResponses({
    registry: { current: (entry: RegistryEntry) => entry } as unknown as Registry,
    tokens: { lengthOf: () => 1200, cached: () => 'token' } as unknown as TokenIssuer,
    policy: openPolicy(),
    limits: { messageBytes },
    audit: undefined,
  });
  const content: KitesResponseContent = {
    caller: { username: 'alice' } as unknown as Caller,
    query: { username: 'bob' },
    entries,
    watcherID: undefined,
    checkCaller: () => undefined,
    audited: undefined,
  };
  /** Makes all steps, and notes the largest one. */
  const run = () => {
    const steps = responses.encode(content);
    for (;;) {
      reads.count = 0;
      const { done, value } = steps.next();
      reads.most = Math.max(reads.most, reads.count);
      if (done === true) return value;
    }
  };
  return { run, reads };
}

describe('the response to a query for 60,000 kites', () => {
  it('a query for 60,000 kites is rejected in steps that read at most 4,096 times, with advice that compares all kites', () => {
    const { run, reads } = countedKites(defaultKontrolLimits.messageBytes);
    expect(run).toThrow(`The query matches ${KITES} kites`);
    expect(run).toThrow('Set the id in the query');
    console.log(`rejected: at most ${reads.most} reads in a step`);
    expect(reads.most).toBeLessThanOrEqual(4096);
  });

  it('a query for 60,000 kites is answered in steps, with all kites in random order and silent ones last', () => {
    const { run, reads } = countedKites(Number.MAX_SAFE_INTEGER);
    const { kites } = JSON.parse(run().pieces.map(pieceText).join('')) as KitesResult;
    console.log(`answered: at most ${reads.most} reads in a step`);
    expect(reads.most).toBeLessThanOrEqual(4096);
    const ids = kites.map(({ kite }) => kite.id);
    expect(new Set(ids).size).toBe(KITES);
    expect(ids.slice(0, 5)).not.toEqual(['k1', 'k2', 'k3', 'k4', 'k5']);
    const firstSilent = kites.findIndex(({ silentSince }) => silentSince !== undefined);
    expect([firstSilent, KITES - firstSilent]).toEqual([KITES - KITES / 100, KITES / 100]);
  });
});
