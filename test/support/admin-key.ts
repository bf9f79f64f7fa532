import { createHash } from 'node:crypto';

const apiKey = 'ann_of-the-tests';
const sha256 = createHash('sha256').update(apiKey).digest('hex');

/** An admin key, and the variables of a service that accepts it: production does not start without authentication. */
export const adminKey = { apiKey, variables: { API_KEYS: `tests/admin/${sha256}` } } as const;
