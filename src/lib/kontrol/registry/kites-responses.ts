import { EncodedResult } from '../../kite/call/encoded-result.js';
import { codedError, type KiteError } from '../../protocol/errors.js';
import { isGlob } from '../../protocol/glob.js';
import { IDENTITY_FIELDS, type KiteIdentity } from '../../protocol/identity.js';
import type { KiteQuery, QueryField } from '../../protocol/query.js';
import { type KontrolLimits, LONG_RESPONSES } from '../limits/kontrol-limits.js';
import type { Policy } from '../policy/policy.js';
import type { Caller } from '../tokens/caller.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { Steps } from './fair-turns.js';
import type { RegistryEntry } from './registry-entry.js';
import type { Registry } from './registry.js';
import { Slots } from './slots.js';
import type { AuditedQuery, TokenAudit } from './token-audit.js';

/** A kite in the result of `getKites`, as sent over the wire. */
export interface KiteWithToken {
  readonly kite: KiteIdentity;
  readonly url: string;
  readonly keyId: string;
  /** Time of the registration, in milliseconds since 1970. */
  readonly registeredAt: number;
  /** When the connection of the kite to Kontrol dropped, in milliseconds since 1970. Undefined while it is connected. */
  readonly silentSince?: number;
  /** A token to call the kite. Empty if the policy allows the caller to find the kite but not to call it. */
  readonly token: string;
}

/** The result of `getKites`, as sent over the wire. */
export interface KitesResult {
  readonly kites: readonly KiteWithToken[];
  /** The id to pass to `cancelWatcher`, if the caller requested a watch. */
  readonly watcherID?: string;
}

export interface KitesResponsesOptions {
  readonly registry: Registry;
  readonly tokens: TokenIssuer;
  readonly policy: Policy;
  readonly limits: Pick<KontrolLimits, 'messageBytes'>;
  /** Undefined if no audit log is written. */
  readonly audit: TokenAudit | undefined;
}

/** What a response consists of. */
export interface KitesResponseContent {
  readonly caller: Caller;
  /** The query, for the error if the response is too long. */
  readonly query: KiteQuery;
  readonly entries: readonly RegistryEntry[];
  /** The id to pass to `cancelWatcher`, if the caller requested a watch. */
  readonly watcherID: string | undefined;
  /** Throws if the caller has disconnected. */
  readonly checkCaller: () => void;
  /** Undefined if no audit log is written. */
  readonly audited: AuditedQuery | undefined;
}

// A kite is moved or compared in much less than a microsecond, measured in about one, and encoded in about ten.
const MOVED_PER_STEP = 4096;
const MEASURED_PER_STEP = 256;
const ENCODED_PER_STEP = 32;
/** Length of a response from which on it is long, in bytes. */
const LONG_RESPONSE = 256 * 1024;
/** More than the length of what surrounds the kites in a message, and the kites' values in JSON. */
const ENVELOPE_LENGTH = 512;
/** Minimum length of a kite and a comma. */
const KITE_LENGTH = 147;

/** Encodes the responses of `getKites` in steps. */
export class KitesResponses {
  readonly #options: KitesResponsesOptions;
  readonly #long = new Slots(LONG_RESPONSES);

  constructor(options: KitesResponsesOptions) {
    this.#options = options;
  }

  /**
   * Encodes a `KitesResult`, with the kites in random order, and silent ones last. A kite that has deregistered meanwhile is left
   * out.
   *
   * @throws KiteError with code `tooManyKites` before a response is encoded that exceeds the limit of a message
   */
  *encode(content: KitesResponseContent): Steps<EncodedResult> {
    const isShort =
      content.entries.length <= ENCODED_PER_STEP || (yield* this.#measure(content)) < LONG_RESPONSE;
    if (isShort) return yield* this.#encode(content);
    yield this.#long.take();
    try {
      return yield* this.#encode(content);
    } finally {
      this.#long.release();
    }
  }

  /** Returns the length of the response, without what JSON escapes. Stops when it exceeds the limit. */
  *#measure(content: KitesResponseContent): Steps<number> {
    const { caller, entries } = content;
    const { policy, tokens, limits } = this.#options;
    let length = ENVELOPE_LENGTH;
    let measured = 0;
    for (const entry of entries) {
      if (++measured % MEASURED_PER_STEP === 0) yield undefined;
      length += KITE_LENGTH + entry.url.length + entry.keyId.length;
      for (const field of IDENTITY_FIELDS) length += entry.kite[field].length;
      if (policy.allows('token', caller.username, entry.kite)) length += tokens.lengthOf(caller, entry);
      if (length > limits.messageBytes) throw yield* this.#tooManyKites(content);
    }
    return length;
  }

  *#encode(content: KitesResponseContent): Steps<EncodedResult> {
    const { caller, entries, watcherID, checkCaller, audited } = content;
    const { registry, limits, policy, tokens, audit } = this.#options;
    const audiences: string[] = [];
    const result = new EncodedResult();
    let length = ENVELOPE_LENGTH;
    let opening = '{"kites":[';
    let batch: string[] = [];
    /** Returns whether the response is not too long. */
    const add = (): boolean => {
      const json = opening + batch.join(',');
      length += Buffer.byteLength(json);
      if (length > limits.messageBytes) return false;
      result.add(json);
      [opening, batch] = [',', []];
      return true;
    };
    for (const entry of yield* inRandomOrder(entries)) {
      const current = registry.current(entry);
      if (!current) continue;
      let token = policy.allows('token', caller.username, current.kite) ? tokens.cached(caller, current) : '';
      if (token === undefined) {
        // A signature takes as long as a step.
        yield undefined;
        token = tokens.issue(caller, current) ?? '';
      }
      if (audited && token !== '') audiences.push(tokens.audienceFor(caller, current));
      batch.push(JSON.stringify(wireForm(current, token)));
      if (batch.length < ENCODED_PER_STEP) continue;
      if (!add()) throw yield* this.#tooManyKites(content);
      yield undefined;
      checkCaller();
    }
    const isComplete = (batch.length === 0 && opening === ',') || add();
    if (!isComplete) throw yield* this.#tooManyKites(content);
    if (audited && audiences.length > 0) audit?.queried(audited, audiences);
    result.add(watcherID === undefined ? ']}' : `],"watcherID":${JSON.stringify(watcherID)}}`);
    return result;
  }

  *#tooManyKites({ query, entries }: KitesResponseContent): Steps<KiteError> {
    const { messageBytes } = this.#options.limits;
    const message = `The query matches ${entries.length} kites, whose list would exceed ${messageBytes} bytes (limits.messageBytes). ${yield* advice(query, entries)}`;
    return codedError('genericError', 'tooManyKites', message);
  }
}

/** Says how to set the next field of the query in which the kites differ. */
function* advice(query: KiteQuery, entries: readonly RegistryEntry[]): Steps<string> {
  const [first] = entries;
  const given = (field: QueryField): string | undefined =>
    isGlob(query[field] ?? '') ? undefined : query[field];
  let index = 0;
  for (const field of IDENTITY_FIELDS) {
    if (!given(field) && (yield* differ(entries, field))) break;
    index++;
  }
  if (index === IDENTITY_FIELDS.length) return 'Increase the limit';
  const fields = IDENTITY_FIELDS.slice(0, index + 1);
  const example = fields.map((field) => given(field) ?? first?.kite[field]).join('/');
  return `Set the ${fields.at(-1)} in the query, for example /${example}`;
}

/** Whether kites differ in a field. */
function* differ(entries: readonly RegistryEntry[], field: QueryField): Steps<boolean> {
  const value = entries[0]?.kite[field];
  let compared = 0;
  for (const { kite } of entries) {
    if (compared++ % MOVED_PER_STEP === 0) yield undefined;
    if (kite[field] !== value) return true;
  }
  return false;
}

/** Returns the entries in random order, with the silent ones at the end: many callers use the first kite. */
export function* inRandomOrder(entries: readonly RegistryEntry[]): Steps<readonly RegistryEntry[]> {
  if (entries.length <= 1) return entries;
  const connected: RegistryEntry[] = [];
  const silent: RegistryEntry[] = [];
  for (const entry of entries) {
    const list = entry.silentSince === undefined ? connected : silent;
    // The entry that was at a random position becomes the last one.
    const position = Math.floor(Math.random() * (list.length + 1));
    list.push(list[position] ?? entry);
    list[position] = entry;
    if ((connected.length + silent.length) % MOVED_PER_STEP === 0) yield undefined;
  }
  return silent.length === 0 ? connected : connected.concat(silent);
}

function wireForm(entry: RegistryEntry, token: string): KiteWithToken {
  const { kite, url, keyId, registeredAt, silentSince } = entry;
  return { kite, url, keyId, registeredAt, ...(silentSince !== undefined && { silentSince }), token };
}
