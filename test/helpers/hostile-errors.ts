/** Things that a program can throw, and that throw again, or lie, when they are read. Each call returns new ones. */
export function hostileErrors(): ReadonlyMap<string, unknown> {
  const fail = (): never => {
    throw new Error('read');
  };
  const withGetter = (property: string): Error =>
    Object.defineProperty(new Error('message'), property, { get: fail });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  return new Map<string, unknown>([
    ['undefined', undefined],
    ['null', null],
    ['a string', 'text'],
    ['a symbol', Symbol('symbol')],
    ['a bigint', 1n],
    ['an object without a prototype', Object.create(null)],
    ['an object whose toString throws', { toString: fail }],
    ['an object whose toJSON throws', { message: { toJSON: fail }, toJSON: fail }],
    ['an error whose message throws', withGetter('message')],
    ['an error whose stack throws', withGetter('stack')],
    ['an error whose type throws', withGetter('type')],
    ['an error whose code throws', withGetter('code')],
    ['an error whose name throws', withGetter('name')],
    ['an error whose then throws', withGetter('then')],
    ['an error whose message is an object', Object.assign(new Error('x'), { message: { toString: fail } })],
    ['an error whose message is a symbol', Object.assign(new Error('x'), { message: Symbol('symbol') })],
    ['a Proxy whose traps throw', new Proxy(new Error('x'), { get: fail, has: fail, getPrototypeOf: fail })],
    ['a revoked Proxy', revoked.proxy],
  ]);
}
