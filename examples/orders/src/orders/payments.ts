import { Injectable } from '@nestjs/common';

export type Payment = { readonly receipt: string } | { readonly declined: string };

/** Stands for a provider of payments. A real one takes the key, too, and charges once for it, however often it is asked. */
@Injectable()
export class Payments {
  async charge(key: string, cents: number): Promise<Payment> {
    return cents > 100_000
      ? { declined: 'The limit of the card is 1,000.00.' }
      : { receipt: `receipt-${key}` };
  }
}
