import { expectTypeOf } from 'vitest';
import type { Kite as PageKite } from 'kitectl/browser';
import {
  type Balance,
  Kite,
  type KiteError,
  type KontrolClient,
  type Service,
  type ServiceAnswer,
  type ServiceCalls,
  type ServiceEvents,
  type ServiceKite,
  type ServiceKiteState,
  type ServiceMetrics,
  type ServiceOptions,
  type ServiceTarget,
} from 'kitectl/browser/service';

interface Bank {
  square(n: number): number;
}

declare const kontrol: KontrolClient;

const kite = new Kite('page', '1.0.0');
expectTypeOf(kite).toExtend<PageKite>();
const bank = kite.service<Bank>('/bob/prod/bank', { kontrol, idempotent: ['square'], balance: 'roundRobin' });
expectTypeOf(bank).toEqualTypeOf<Service<Bank>>();
expectTypeOf(bank.tell('square', 4)).toEqualTypeOf<Promise<number>>();
expectTypeOf(bank.on('key')).toEqualTypeOf<ServiceCalls<Bank>>();
expectTypeOf(bank.all('square', 4).next()).resolves.toHaveProperty('value');
expectTypeOf(bank.metrics()).toEqualTypeOf<ServiceMetrics>();
bank.on('out', (out, cause, delay) => {
  expectTypeOf(out).toEqualTypeOf<ServiceKite>();
  expectTypeOf(cause).toEqualTypeOf<KiteError>();
  expectTypeOf(delay).toEqualTypeOf<number>();
  expectTypeOf(out.state).toEqualTypeOf<ServiceKiteState>();
});
expectTypeOf<ServiceEvents['pick']>().toEqualTypeOf<[kite: ServiceKite, method: string]>();
expectTypeOf<Balance>().toEqualTypeOf<'leastPending' | 'roundRobin'>();
expectTypeOf<string>().toExtend<ServiceTarget>();
expectTypeOf<ServiceAnswer<number>['result']>().toEqualTypeOf<number | undefined>();
expectTypeOf(kite.service(['http://localhost:3636/kite'], { idempotent: ['any'] })).toEqualTypeOf<Service>();
expectTypeOf<ServiceOptions['kontrol']>().toEqualTypeOf<KontrolClient | undefined>();
// @ts-expect-error cube is not a method of the service
kite.service<Bank>('/bob/prod/bank', { kontrol, idempotent: ['cube'] });
// @ts-expect-error the argument is a number
void bank.tell('square', 'four');
// @ts-expect-error there is no such event
bank.on('never', () => {});
