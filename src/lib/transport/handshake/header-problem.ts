const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
// Node sends the same characters: visible ones of Latin-1, spaces and tabs.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that belong to the connection, the WebSocket handshake or the body of a request. */
const OWN_HEADERS =
  /^(?:connection|content-(?:encoding|length|type)|expect|host|keep-alive|proxy-connection|sec-websocket-.*|te|trailer|transfer-encoding|upgrade)$/i;

/** Returns why a header cannot be sent, without its value, which may be secret. Returns undefined if it can. */
export function headerProblem(name: string, value: unknown): string | undefined {
  if (!TOKEN.test(name)) return `${JSON.stringify(name)} is not the name of a header`;
  if (OWN_HEADERS.test(name)) return `the header ${name} is set by each request itself`;
  if (typeof value !== 'string') return `the value of the header ${name} is not a string`;
  if (/[\r\n]/.test(value)) return `the value of the header ${name} has a line break`;
  if (!VALUE.test(value))
    return `the value of the header ${name} has a character that headers cannot contain`;
  return undefined;
}
