import type { KiteIdentity } from '../../protocol/identity.js';
import { NAME_DEPTH, type Policy, type PolicyAction } from './policy.js';

/** A policy that can be replaced while Kontrol runs. */
export class ReplaceablePolicy implements Policy {
  /** The policy that decides now. */
  current: Policy;

  constructor(initial: Policy) {
    this.current = initial;
  }

  get name(): string {
    return this.current.name;
  }

  get deepTokenPaths(): readonly string[] {
    return this.current.deepTokenPaths ?? [];
  }

  allows(action: PolicyAction, username: string, kite: KiteIdentity): boolean {
    return this.current.allows(action, username, kite);
  }

  tokenDepth(username: string, kite: KiteIdentity): number {
    return this.current.tokenDepth?.(username, kite) ?? NAME_DEPTH;
  }
}
