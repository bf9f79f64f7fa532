import { receiptKey } from './keys';
import { Receipt } from '../messaging/receipt';
import { StoredReceipt } from './stored-receipt';

interface Entry {
  readonly stored: StoredReceipt;
  /** Milliseconds of this process's clock. */
  readonly expiresAt: number;
}

type WithoutFingerprint<T> = T extends unknown ? Omit<T, 'fingerprint'> : never;

/** The receipts of the store in memory. */
export class InMemoryReceipts {
  private readonly entries = new Map<string, Entry>();

  find(of: Pick<Receipt, 'caller' | 'key'>): StoredReceipt | undefined {
    const entry = this.entries.get(receiptKey(of));
    return entry && entry.expiresAt > Date.now() ? entry.stored : undefined;
  }

  /** False when the key has one, which then stays as it is. */
  keep(receipt: Receipt, content: WithoutFingerprint<StoredReceipt>): boolean {
    if (this.find(receipt)) return false;
    const { fingerprint, keepSeconds } = receipt;
    this.entries.set(receiptKey(receipt), {
      stored: { fingerprint, ...content },
      expiresAt: Date.now() + keepSeconds * 1_000,
    });
    return true;
  }

  deleteExpired(limit: number): number {
    const expired = [...this.entries].filter(([, { expiresAt }]) => expiresAt <= Date.now()).slice(0, limit);
    for (const [key] of expired) this.entries.delete(key);
    return expired.length;
  }
}
