/**
 * Lets requests begin that had to wait for an earlier one of their connection: one in each turn of the event loop, over all
 * connections. Between two of them whatever else has arrived is served, so that a connection with a thousand requests on
 * their way delays a request on another one by one request.
 */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  add(begin: () => void): void {
    if (this.waiting.push(begin) === 1) setImmediate(this.next);
  }

  private readonly next = (): void => {
    this.waiting.shift()?.();
    if (this.waiting.length > 0) setImmediate(this.next);
  };
}
