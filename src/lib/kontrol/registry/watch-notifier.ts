import { hasSameKiteKey } from '../../keys/revoked-ids.js';
import { EncodedResult } from '../../kite/call/encoded-result.js';
import type { KiteIdentity } from '../../protocol/identity.js';
import { Fragment } from '../../transport/channel/outgoing-message.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/logger.js';
import { errorText } from '../../util/message-of.js';
import { ENCODED_CHANGES } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { Change, ChangeAction } from './change-log.js';
import { EVENTS_PER_STEP } from './fan-out.js';
import type { RegistryEntry } from './registry-entry.js';
import type { TokenAudit } from './token-audit.js';
import type { Watcher } from './watch-feed.js';

/** The event that a watcher receives, in the format that `kite.js` expects. */
export interface WatchEvent {
  /** `UPDATE`: the kite is silent now, or is not any more. Other peers ignore it. */
  readonly action: ChangeAction;
  readonly kite: KiteIdentity;
  readonly url: string;
  /** Time of the registration, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** When the connection of the kite to Kontrol dropped, in milliseconds since 1970. Undefined while it is connected. */
  readonly silentSince?: number;
  /** Empty if the kite has not registered now, and for one that the watcher may find but not call. */
  readonly token: string;
}

export interface WatchNotifierOptions {
  readonly tokens: TokenIssuer;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined if no audit log is written. */
  readonly audit: TokenAudit | undefined;
}

/** An event without its token. */
interface EncodedChange {
  readonly silentSince: number | undefined;
  readonly json: Fragment;
}

/** The token of an event, and what the event costs. */
interface EventToken {
  readonly text: string;
  readonly json: Fragment;
  readonly cost: number;
}

/** A token for callers with the same kite key or session. */
interface SharedToken extends EventToken {
  readonly caller: Caller;
}

const EVENT_END = new Fragment('}');
const NO_TOKEN: EventToken = { text: '', json: new Fragment('""'), cost: 1 };
/** What it costs to find that a query of cost 1 does not match, in events. */
const NO_MATCH_COST = 1 / 20;

/**
 * Notifies watches of changes. All watches of a change share what their events have in common, encoded for the transport, and
 * in one step, those with the same kite key share the token.
 */
export class WatchNotifier {
  readonly #options: WatchNotifierOptions;
  /** The changes that were encoded last, the oldest one first. */
  readonly #encoded = new Map<Change, EncodedChange>();
  /** The last token for each change in this step. */
  readonly #tokens = new Map<Change, SharedToken>();

  constructor(options: WatchNotifierOptions) {
    this.#options = options;
  }

  /** A step begins: what was true in the last one may have changed. */
  stepBegins(): void {
    this.#tokens.clear();
  }

  /** Notifies a watch of a change, if it matches. Returns the cost. Does not throw. */
  notify(watcher: Watcher, change: Change): number {
    try {
      return this.#notify(watcher, change);
    } catch (error) {
      this.#options.logger.error(`A watch failed: ${errorText(error)}`);
      return 1;
    }
  }

  #notify(watcher: Watcher, change: Change): number {
    const { matches, cost, caller, peer, callback } = watcher;
    const { policy, clock } = this.#options;
    const { kite } = change.entry;
    if (!matches(kite) || !policy.allows('query', caller.username, kite)) return NO_MATCH_COST * cost;
    if (caller.sessionEnd <= clock.now()) {
      peer.close();
      return 1;
    }
    const token = change.action === 'REGISTER' ? this.#token(watcher, change) : NO_TOKEN;
    const event = new EncodedResult();
    event.pieces.push(this.#json(change), token.json, EVENT_END);
    callback(event);
    return token.cost;
  }

  #token({ caller, audited }: Watcher, change: Change): EventToken {
    const { policy, tokens, audit } = this.#options;
    const { entry } = change;
    const last = this.#tokens.get(change);
    const isShared =
      last && hasSameKiteKey(last.caller, caller) && last.caller.sessionEnd === caller.sessionEnd;
    let token: EventToken = isShared ? last : NO_TOKEN;
    if (!isShared && policy.allows('token', caller.username, entry.kite)) token = this.#issue(caller, entry);
    if (audited && token.text !== '') audit?.watched(audited, tokens.audienceFor(caller, entry));
    if (!isShared) this.#tokens.set(change, { ...token, caller, cost: 1 });
    return token;
  }

  /** A signature takes as long as a step. */
  #issue(caller: Caller, entry: RegistryEntry): EventToken {
    const { tokens } = this.#options;
    const cached = tokens.cached(caller, entry);
    const text = cached ?? tokens.issue(caller, entry) ?? '';
    const cost = cached === undefined ? EVENTS_PER_STEP : 1;
    return { text, json: new Fragment(JSON.stringify(text)), cost };
  }

  /** Returns the event of a change up to the token. */
  #json(change: Change): Fragment {
    const { action, entry } = change;
    const { kite, url, registeredAt } = entry;
    const silentSince = action === 'DEREGISTER' ? undefined : entry.silentSince;
    const earlier = this.#encoded.get(change);
    if (earlier && earlier.silentSince === silentSince) return earlier.json;
    const event = { action, kite, url, registeredAt, ...(silentSince !== undefined && { silentSince }) };
    const json = new Fragment(`${JSON.stringify(event).slice(0, -1)},"token":`);
    for (const oldest of this.#encoded.keys()) {
      if (this.#encoded.size < ENCODED_CHANGES) break;
      this.#encoded.delete(oldest);
    }
    this.#encoded.set(change, { silentSince, json });
    return json;
  }
}
