import { describe, expect, it, onTestFinished } from 'vitest';
import { isFolderOpen, isSecretExposed, restrictHint } from '../../../src/lib/keys/secret-access.js';

/** Lets this process be of a user and of groups. */
function become(uid: number, gid: number, ...groups: number[]): void {
  const own = { geteuid: process.geteuid, getegid: process.getegid, getgroups: process.getgroups };
  Object.assign(process, { geteuid: () => uid, getegid: () => gid, getgroups: () => groups });
  onTestFinished(() => void Object.assign(process, own));
}

describe('the access of others', () => {
  it.each([
    // The owner, the group and the mode of the file, and whether others can use it.
    [1000, 1000, 0o400, false],
    [1000, 1000, 0o600, false],
    [0, 0, 0o400, false],
    [0, 2000, 0o440, false],
    [0, 2000, 0o640, false],
    [0, 1000, 0o440, false],
    [1000, 2000, 0o440, true],
    [1001, 2000, 0o440, true],
    [0, 3000, 0o440, true],
    [0, 2000, 0o444, true],
    [0, 2000, 0o460, true],
    [0, 2000, 0o450, true],
    [0, 2000, 0o404, true],
  ])(
    'a secret of user %i and group %i with the mode %i is exposed to a member of the group 2000: %s',
    (uid, gid, mode, exposed) => {
      become(1000, 1000, 2000);
      expect(isSecretExposed({ uid, gid, mode })).toBe(exposed);
    },
  );

  it.each([
    [1000, 1000, 0o755, false],
    [1000, 1000, 0o775, true],
    [0, 2000, 0o2775, false],
    [0, 2000, 0o2777, true],
    [0, 3000, 0o2775, true],
    [1001, 2000, 0o2775, true],
    [0, 0, 0o1777, false],
  ])(
    'a folder of user %i and group %i with the mode %i is open to others than the group 2000: %s',
    (uid, gid, mode, open) => {
      become(1000, 1000, 2000);
      expect(isFolderOpen({ uid, gid, mode })).toBe(open);
    },
  );

  it('a folder that root can restrict is open to its group', () => {
    become(0, 0, 2000);
    expect(isFolderOpen({ uid: 0, gid: 2000, mode: 0o2775 })).toBe(true);
  });

  it('the hint about a secret is a command only for those who can run it', () => {
    become(1000, 1000);
    const file = '/no such file';
    expect(restrictHint(file, { uid: 1000, gid: 1, mode: 0o644 })).toBe(
      "Restrict it with: chmod 400 '/no such file'",
    );
    expect(restrictHint(file, { uid: 0, gid: 1, mode: 0o644 })).toContain('defaultMode and fsGroup');
  });
});
