import { expectTypeOf } from 'vitest';
import { type Client, Kite, type NumberLiteral, type RemoteFunction, type Wire } from 'kitectl';

// What arrives between kites that speak `values`, and without.
{
  expectTypeOf<Wire<string | number | boolean | null>>().toEqualTypeOf<string | number | boolean | null>();
  expectTypeOf<Wire<'a' | 'b'>>().toEqualTypeOf<'a' | 'b'>();
  expectTypeOf<Wire<unknown>>().toEqualTypeOf<unknown>();
  expectTypeOf<Wire<Date>>().toEqualTypeOf<Date>();
  expectTypeOf<Wire<Date, false>>().toEqualTypeOf<string>();
  expectTypeOf<Wire<URL>>().toEqualTypeOf<URL>();
  expectTypeOf<Wire<URL, false>>().toEqualTypeOf<string>();
  expectTypeOf<Wire<bigint>>().toEqualTypeOf<bigint>();
  expectTypeOf<Wire<bigint, false>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<Map<string, { at: Date }>>>().toEqualTypeOf<Map<string, { at: Date }>>();
  expectTypeOf<Wire<Map<string, Date>, false>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<ReadonlySet<Buffer>>>().toEqualTypeOf<Set<Uint8Array>>();
  expectTypeOf<Wire<Set<number>, false>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<RegExp>>().toEqualTypeOf<RegExp>();
  expectTypeOf<Wire<RegExp, false>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<Buffer>>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Wire<ArrayBuffer | Float64Array>>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Wire<Uint8Array, false>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<Buffer, false>>().toEqualTypeOf<{ type: 'Buffer'; data: number[] }>();
  expectTypeOf<Wire<symbol>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<Promise<number>>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<Generator<number>>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<{ lines: AsyncIterable<string> }>>().toEqualTypeOf<{ lines: never }>();
  expectTypeOf<Wire<NumberLiteral>>().toEqualTypeOf<number | NumberLiteral>();
}

// Undefined: in lists it arrives, in objects the field is missing.
{
  expectTypeOf<Wire<(number | undefined)[]>>().toEqualTypeOf<(number | undefined)[]>();
  expectTypeOf<Wire<(number | undefined)[], false>>().toEqualTypeOf<(number | null)[]>();
  expectTypeOf<Wire<{ a: number | undefined; readonly b?: Date; c: unknown }>>().toEqualTypeOf<{
    a?: number;
    readonly b?: Date;
    c: unknown;
  }>();
  expectTypeOf<Wire<{ a: number | undefined; at: Date }, false>>().toEqualTypeOf<{
    a?: number;
    at: string;
  }>();
  expectTypeOf<Wire<{ [Symbol.iterator]: number; a: 1 }>>().toEqualTypeOf<{ a: 1 }>();
  expectTypeOf<Wire<[a: number, b?: Date]>>().toEqualTypeOf<[a: number, b?: Date]>();
  expectTypeOf<Wire<readonly [Date, ...Buffer[]], false>>().toExtend<readonly [string, ...unknown[]]>();
  expectTypeOf<Wire<Record<string, Date>, false>>().toEqualTypeOf<Record<string, string>>();
  // @ts-expect-error The field may be missing.
  void ({} as Wire<{ a: number | undefined }> satisfies { a: number });
}

// Functions, errors, and objects with a form of their own.
class Point {
  readonly #secret = 4;
  x = 1;
  toJSON(): { x: number; at: Date } {
    return { x: this.x + this.#secret, at: new Date() };
  }
}
class Failure extends TypeError {
  readonly at = new Date();
}
{
  expectTypeOf<Wire<() => number>>().toEqualTypeOf<RemoteFunction<[], number>>();
  expectTypeOf<Wire<{ stop: (why?: string) => Promise<void> }>>().toEqualTypeOf<{
    stop: RemoteFunction<[why?: string], void>;
  }>();
  expectTypeOf<Wire<(n: number) => Map<string, Buffer>>>().toEqualTypeOf<
    RemoteFunction<[n: number], Map<string, Uint8Array>>
  >();
  // The caller of a function that takes one passes a function of its own.
  expectTypeOf<Wire<(each: RemoteFunction<[Date], boolean>) => void>>().toEqualTypeOf<
    RemoteFunction<[each: (args_0: Date) => boolean | Promise<boolean>], void>
  >();
  expectTypeOf<Wire<() => number | undefined>>().toEqualTypeOf<RemoteFunction<[], number | null>>();
  expectTypeOf<Wire<() => Date, false>>().toEqualTypeOf<RemoteFunction<[], string | undefined>>();
  expectTypeOf<Wire<Point>>().toEqualTypeOf<{ x: number; at: Date }>();
  expectTypeOf<Wire<Point, false>>().toEqualTypeOf<{ x: number; at: string }>();
  expectTypeOf<Wire<TypeError>>().toEqualTypeOf<TypeError>();
  expectTypeOf<Wire<TypeError, false>>().toEqualTypeOf<never>();
  expectTypeOf<Wire<Failure>>().toEqualTypeOf<Error & { readonly at: Date }>();
  // A plain object with the fields of an error is not one.
  expectTypeOf<Wire<{ name: string; message: string }, false>>().toEqualTypeOf<{
    name: string;
    message: string;
  }>();
}

// Types that contain themselves.
interface Tree {
  readonly children: readonly Tree[];
  readonly parent: Tree | undefined;
  readonly at: Date;
}
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
{
  const tree = {} as Wire<Tree, false>;
  expectTypeOf(tree.children[0]?.children[0]?.at).toEqualTypeOf<string | undefined>();
  void ({} as Wire<Json> satisfies Json);
  void ({} as Client<{ json(): Json }>).tell('json').then((json) => json satisfies Json);
  // @ts-expect-error A tree without the extension has strings.
  void (tree satisfies Tree);
}

// Calls: arguments, results, items, and what callbacks get.
interface Agenda {
  next(): { due: Date; note: string | undefined; cancel: () => boolean } | undefined;
  nothing(): undefined;
  done(): void;
  entries(): Map<string, Buffer>;
  save(image: Buffer, tags: Set<string>): Promise<bigint>;
  each(onEntry: (entry: { at: Date; image: Buffer }, more: () => void) => Buffer): void;
  plan(plan: { steps: (() => Date)[]; lines: ReadableStream<Buffer> }): number;
  days(): AsyncGenerator<{ at: Date | undefined; open: () => string }, Buffer | undefined>;
}
{
  const client = {} as Client<Agenda>;
  expectTypeOf(client.tell('next')).toEqualTypeOf<
    Promise<{ due: Date; note?: string; cancel: RemoteFunction<[], boolean> } | null>
  >();
  expectTypeOf(client.tell('nothing')).toEqualTypeOf<Promise<null>>();
  expectTypeOf(client.tell('done')).toEqualTypeOf<Promise<void>>();
  expectTypeOf(client.tell('entries')).toEqualTypeOf<Promise<Map<string, Uint8Array>>>();
  expectTypeOf(client.tell('save', Buffer.of(4), new Set(['a']))).toEqualTypeOf<Promise<bigint>>();
  void client.tell('each', (entry, more) => {
    expectTypeOf(entry).toEqualTypeOf<{ at: Date; image: Uint8Array }>();
    expectTypeOf(more).toEqualTypeOf<RemoteFunction<[], void>>();
    return Buffer.of(4);
  });
  void client.tell('plan', { steps: [() => new Date()], lines: new ReadableStream<Buffer>() });
  void client.tell('plan', {
    steps: [async () => new Date()],
    async *lines() {
      yield Buffer.of(4);
    },
  } as never);
  expectTypeOf(client.stream('days').result).toEqualTypeOf<Promise<Uint8Array | null>>();
  expectTypeOf(client.tell('days')).toEqualTypeOf<
    Promise<{ at?: Date; open: RemoteFunction<[], string> }[]>
  >();
  // @ts-expect-error The result may be null.
  void client.tell('next').then((next) => next.due);
  // @ts-expect-error A Buffer arrives as a Uint8Array.
  void client.tell('entries').then((entries) => entries.get('a')?.readUInt8(0));
  // @ts-expect-error The steps return dates.
  void client.tell('plan', { steps: [() => 4], lines: new ReadableStream<Buffer>() });
  // @ts-expect-error The function returns bytes.
  void client.tell('each', () => 'text');

  const kite = new Kite<Agenda>('agenda', '1.0.0');
  kite.handle('save', ({ args: [image, tags] }) => {
    expectTypeOf(image).toEqualTypeOf<Uint8Array>();
    expectTypeOf(tags).toEqualTypeOf<Set<string>>();
    // @ts-expect-error A Buffer arrives as a Uint8Array.
    void (() => image.readUInt8(0));
    return 4n;
  });
  kite.handle('next', () => undefined);
  kite.handle('next', () => ({ due: new Date(), note: undefined, cancel: async () => true }));
  kite.handle('plan', async ({ args: [{ steps, lines }] }) => {
    expectTypeOf(steps).toEqualTypeOf<RemoteFunction<[], Date>[]>();
    for await (const line of lines) expectTypeOf(line).toEqualTypeOf<Uint8Array>();
    return steps.length;
  });
  kite.handle('each', async ({ args: [onEntry] }) => {
    const image = await onEntry({ at: new Date(), image: Buffer.of(4) }, () => {});
    expectTypeOf(image).toEqualTypeOf<Uint8Array>();
    // @ts-expect-error The entry has an image.
    void onEntry({ at: new Date() }, () => {});
  });
  kite.handle('days', async function* () {
    yield { at: new Date(), open: () => 'open' };
    return Buffer.of(4);
  });
}
