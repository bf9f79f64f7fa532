import { PageQuery, WholeNumber } from '../admin/admin-requests';

export class FeedQuery extends PageQuery {
  @WholeNumber(0, 30, 'How many seconds to wait for an event where there is none yet. Default 0.')
  wait = 0;
}
