import { type } from 'arktype';
import * as v from 'valibot';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { type ArgsSchema, type Client, Kite } from 'kitectl';

const kite = new Kite('bank', '1.0.0');

// The arguments of a handler are those that its schema returns; those of a caller are those that it accepts.
const api = kite.methods({
  zod: { args: z.tuple([z.number()]), handler: ({ args: [n] }) => n * n },
  valibot: { args: v.strictTuple([v.number()]), handler: ({ args: [n] }) => n * n },
  arktype: { args: type(['number']), handler: ({ args: [n] }) => n * n },
  length: {
    args: z.tuple([z.string().transform((text) => text.length)]),
    handler: ({ args: [length] }) => length.toFixed(),
  },
  withDefault: {
    description: 'Has an argument with a default.',
    args: z.tuple([z.object({ limit: z.number().default(10) })]),
    handler: ({ args: [{ limit }] }) => limit.toFixed(),
  },
  any: { args: {} as ArgsSchema<[a: number, b: string]>, handler: ({ args: [a, b] }) => b.repeat(a) },
});
{
  const client = {} as Client<typeof api>;
  expectTypeOf(client.tell('zod', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('valibot', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('arktype', 4)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(client.tell('length', 'four')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(client.tell('withDefault', {})).toEqualTypeOf<Promise<string>>();
  expectTypeOf(client.tell('any', 4, 'b')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(client.method.zod(4)).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error The schema of zod accepts a number.
  void client.tell('zod', '4');
  // @ts-expect-error The schema of valibot accepts a number.
  void client.tell('valibot', '4');
  // @ts-expect-error The schema of arktype accepts a number.
  void client.tell('arktype', '4');
  // @ts-expect-error The schema accepts a string and makes a number of it.
  void client.tell('length', 4);
  // @ts-expect-error The limit is a number.
  void client.tell('withDefault', { limit: '10' });
  // @ts-expect-error There are two arguments.
  void client.tell('any', 4);
  // @ts-expect-error The schema returns a number.
  kite.methods({ square: { args: z.tuple([z.number()]), handler: ({ args: [n] }) => n.trim() } });
}

// One method at a time.
{
  kite.handle('zod', { args: z.tuple([z.number()]) }, ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[number]>();
  });
  kite.handle('valibot', { args: v.strictTuple([v.number()]) }, ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[number]>();
  });
  kite.handle('arktype', { args: type(['number']) }, ({ args }) => {
    expectTypeOf(args).toEqualTypeOf<[number]>();
  });
  // @ts-expect-error The schema returns a number.
  kite.handle('zod', { args: z.tuple([z.number()]) }, ({ args: [n] }) => n.trim());
}

// A kite whose methods have a type.
{
  const typed = new Kite<{ square(n: number): number; count(to: number): string }>('bank', '1.0.0');
  typed.handle('square', { args: z.tuple([z.number()]) }, ({ args: [n] }) => n * n);
  typed.handle('square', { args: z.tuple([z.literal(4)]) }, ({ args: [n] }) => n * n);
  typed.handle('count', { args: z.tuple([z.number().transform(String)]) }, ({ args: [to] }) => to.trim());
  // @ts-expect-error The schema accepts other arguments than the method.
  typed.handle('square', { args: z.tuple([z.string()]) }, ({ args: [n] }) => n.length);
  // @ts-expect-error The result is a number.
  typed.handle('square', { args: z.tuple([z.number()]) }, ({ args: [n] }) => String(n));
  typed.methods({ square: { args: z.tuple([z.number()]), handler: ({ args: [n] }) => n * n } });
  // @ts-expect-error The schema accepts other arguments than the method.
  typed.methods({ square: { args: z.tuple([z.string()]), handler: () => 4 } });
}
