import type { ApiTag } from '../../platform';

export const feedTag: ApiTag = {
  name: 'feed',
  description: 'For other services: the events of the log, in its order.',
};
