import { CallHandler, ExecutionContext } from '@nestjs/common';
import { defer, from, lastValueFrom } from 'rxjs';
import { currentMetadata, runInMessageContext } from './message-context';
import { MessageContextInterceptor } from './message-context.interceptor';

const message = {} as ExecutionContext;

/** What a handler of the message sees, before and behind something that it awaits. */
const handler: CallHandler = {
  handle: () =>
    defer(() =>
      from(
        (async () => {
          const before = currentMetadata();
          await new Promise((resolve) => setTimeout(resolve, 1));
          return [before, currentMetadata()];
        })(),
      ),
    ),
};

const seen = (interceptor: MessageContextInterceptor) =>
  lastValueFrom(interceptor.intercept(message, handler)) as Promise<ReturnType<typeof currentMetadata>[]>;

describe('the interceptor of messages', () => {
  it('opens a context with what the message tells', async () => {
    const told = { correlationId: 'order-7', causationId: 'event-3', actor: 'shop' };
    expect(await seen(new MessageContextInterceptor(() => told))).toEqual([told, told]);
  });

  it('makes what the message does not tell, one correlation id for all', async () => {
    const [before, behind] = await seen(new MessageContextInterceptor());
    expect(before).toEqual(behind);
    expect(before?.actor).toBe('message');
    expect(before?.causationId).toBe(before?.correlationId);
  });

  it.each(['', 'x'.repeat(129), 'a\nb'])('replaces the correlation id %j', async (correlationId) => {
    const [before] = await seen(new MessageContextInterceptor(() => ({ correlationId })));
    expect(before?.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('leaves an open context alone', async () => {
    const context = { correlationId: 'request', causationId: 'request', actor: 'ada' };
    const interceptor = new MessageContextInterceptor(() => ({ actor: 'shop' }));
    expect(await runInMessageContext(context, () => seen(interceptor))).toEqual([context, context]);
  });
});
