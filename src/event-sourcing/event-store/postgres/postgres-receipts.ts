import { checkNote, checkReceipt } from '../check-receipt';
import { ReceiptExistsError } from '../errors';
import { Receipt } from '../../messaging/receipt';
import { StoredReceipt } from '../stored-receipt';
import { RunKernelStatement } from '../../schema/kernel-statement';
import { deleteExpiredReceipts } from './delete-expired-receipts';
import { findReceipt, ReceiptRow, storedReceipt } from './find-receipt';
import { keepReceipt } from './keep-receipt';

/** Receipts by themselves; those of an append are stored by it. */
export class PostgresReceipts {
  constructor(private readonly run: RunKernelStatement) {}

  async find(caller: string, key: string): Promise<StoredReceipt | undefined> {
    const values = [caller, key];
    const [row] = await this.run<ReceiptRow>({ name: 'find-receipt', text: findReceipt, values });
    return row && storedReceipt(row);
  }

  async keep(receipt: Receipt, note: string): Promise<void> {
    checkReceipt(receipt);
    checkNote(note);
    const { caller, key, fingerprint, keepSeconds } = receipt;
    const values = [caller, key, fingerprint, note, keepSeconds];
    const kept = await this.run({ name: 'keep-receipt', text: keepReceipt, values });
    if (kept.length === 0) throw new ReceiptExistsError(caller, key);
  }

  async deleteExpired(limit: number): Promise<number> {
    const [row] = await this.run<{ count: number }>({
      name: 'delete-receipts',
      text: deleteExpiredReceipts,
      values: [limit],
    });
    return row?.count ?? 0;
  }
}
