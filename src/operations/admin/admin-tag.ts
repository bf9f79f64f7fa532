import type { ApiTag } from '../../platform';

export const adminTag: ApiTag = {
  name: 'admin',
  description: 'For operators: subscriptions, events set aside, the log.',
};
