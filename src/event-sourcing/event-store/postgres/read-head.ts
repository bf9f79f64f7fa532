/** Position of the last committed event. Does not wait for an append that is going on. */
export const readHead = 'SELECT head FROM event_log WHERE only_row';
