import type { Request } from '../../kite/serve/request.js';
import type { KiteQuery } from '../../protocol/query.js';

/** A query that gets tokens, and who made it. */
export interface AuditedQuery {
  readonly user: string;
  /** The IP address of the caller. */
  readonly address: string;
  readonly query: KiteQuery;
}

/** Records the tokens that callers get with the kites that they find and watch. */
export interface TokenAudit {
  auditedQuery(request: Request, query: KiteQuery): AuditedQuery;
  /** A query has returned tokens with these audiences. */
  queried(query: AuditedQuery, audiences: readonly string[]): void;
  /** A watch has received a token with this audience. The same object stands for the same watch. */
  watched(query: AuditedQuery, audience: string): void;
}
