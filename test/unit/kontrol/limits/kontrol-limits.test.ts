import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/lib/kite/limits/kite-limits.js';
import {
  defaultKontrolLimits,
  FIELD_LENGTH,
  POLICY_LENGTH,
  SHARED_STRINGS,
  URL_LENGTH,
} from '../../../../src/lib/kontrol/limits/kontrol-limits.js';
import { parsePolicy } from '../../../../src/lib/kontrol/policy/policy-file.js';
import { checkUsername, urlArgument } from '../../../../src/lib/kontrol/registry/registration-record.js';
import { StringInterner } from '../../../../src/lib/kontrol/registry/string-interner.js';

describe('the limits of Kontrol', () => {
  it('the limits of Kontrol contain those of every kite, and cannot be changed for the whole process', () => {
    expect(defaultKontrolLimits).toMatchObject(defaultLimits);
    expect(Object.isFrozen(defaultKontrolLimits)).toBe(true);
  });

  it('the limits of Kontrol bound the fields of an identity', () => {
    expect(checkUsername('x'.repeat(FIELD_LENGTH))).toHaveLength(FIELD_LENGTH);
    expect(() => checkUsername('x'.repeat(FIELD_LENGTH + 1))).toThrow(`${FIELD_LENGTH} characters`);
  });

  it('the limits of Kontrol bound the URL of a registration', () => {
    const url = (length: number): string => 'http://h/'.padEnd(length, 'x');
    expect(urlArgument(url(URL_LENGTH))).toHaveLength(URL_LENGTH);
    expect(() => urlArgument(url(URL_LENGTH + 1))).toThrow(`${URL_LENGTH} characters`);
  });

  it('the limits of Kontrol bound a policy file', () => {
    const policy = (length: number): string => '{"version":1,"rules":[]}'.padEnd(length);
    expect(() => parsePolicy(policy(POLICY_LENGTH + 1), 'kontrol', 'policy.json')).toThrow('longer');
  });

  it('the limits of Kontrol bound the number of shared strings', () => {
    const interner = new StringInterner();
    for (let n = 0; n <= SHARED_STRINGS; n++) interner.intern(`name ${n}`);
    expect(interner.intern('name 0')).toBe('name 0');
  });
});
