import {
  applyDecorators,
  CallHandler,
  ExecutionContext,
  Injectable,
  NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { firstValueFrom, type Observable, of } from 'rxjs';
import {
  currentMetadata,
  EventSourcingError,
  EventStore,
  messageContext,
  Receipt,
  runInMessageContext,
} from '../../../event-sourcing';
import { Acknowledged } from '../acknowledge';
import { IdempotencyKeyInProgressError, IdempotencyKeyReusedError } from '../problem';
import { Problems } from '../problems';
import { fingerprintOf, idempotencyKeyOf } from './idempotency-key';
import { keptProblem, noteOf } from './kept-problem';

/** Metadata of a controller: how its commands are answered. */
const ANSWER = 'annals:answer';
const keepSeconds = 24 * 60 * 60;

/** Sets the headers and gives the body that answer a command, from where it left its stream and from nothing else. */
export type CommandAnswer = (response: Response, streamId: string, place: Acknowledged) => unknown;

/**
 * The commands of this controller take an `Idempotency-Key`: the same key and the same request give the first answer again,
 * for 24 hours. Each command must store what it does by one call of a repository, and answer by `answer`.
 */
export function Repeatable(answer: CommandAnswer): ClassDecorator {
  return applyDecorators(SetMetadata(ANSWER, answer), UseInterceptors(RepeatableInterceptor));
}

/** One request under a key, with what is needed to do it or to answer it again. */
interface Exchange {
  readonly receipt: Receipt;
  readonly response: Response;
  readonly answer: CommandAnswer;
  readonly next: CallHandler;
}

@Injectable()
class RepeatableInterceptor implements NestInterceptor {
  /** Fingerprints of what this process is doing, by caller and key. Between processes the receipts decide. */
  private readonly running = new Map<string, string>();

  constructor(
    private readonly store: EventStore,
    private readonly reflector: Reflector,
    private readonly problems: Problems,
  ) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> | Promise<Observable<unknown>> {
    const key = idempotencyKeyOf(context.switchToHttp().getRequest<Request>());
    return key === undefined ? next.handle() : this.repeatable(key, context, next);
  }

  private async repeatable(
    key: string,
    context: ExecutionContext,
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const { actor } = currentMetadata();
    const receipt = { caller: actor, key, fingerprint: fingerprintOf(request), keepSeconds };
    const answer = this.reflector.get<CommandAnswer>(ANSWER, context.getClass());
    const exchange = { receipt, response: context.switchToHttp().getResponse<Response>(), answer, next };
    return of((await this.answerAgain(exchange)) ?? (await this.doOnce(exchange)));
  }

  /** The first answer; undefined when there is none yet. @throws the first refusal, or IdempotencyKeyReusedError. */
  private async answerAgain({ receipt, response, answer }: Exchange): Promise<unknown> {
    const stored = await this.store.findReceipt(receipt.caller, receipt.key);
    if (!stored) return undefined;
    if (stored.fingerprint !== receipt.fingerprint) throw new IdempotencyKeyReusedError();
    response.setHeader('Idempotency-Replayed', 'true');
    if ('stream' in stored) return answer(response, stored.stream.id, stored);
    const refusal = keptProblem(stored.note);
    response.setHeader('X-Correlation-Id', refusal.correlationId);
    throw refusal;
  }

  private async doOnce(exchange: Exchange): Promise<unknown> {
    const { caller, key, fingerprint } = exchange.receipt;
    const name = JSON.stringify([caller, key]);
    const running = this.running.get(name);
    if (running !== undefined) {
      throw running === fingerprint ? new IdempotencyKeyInProgressError() : new IdempotencyKeyReusedError();
    }
    this.running.set(name, fingerprint);
    try {
      return await this.execute(exchange);
    } catch (error) {
      if (!isAnswered(error)) throw error;
      // Another process was faster. Its receipt can only be gone again when it ran out this moment.
      const first = await this.answerAgain(exchange);
      if (first === undefined) throw new IdempotencyKeyInProgressError();
      return first;
    } finally {
      this.running.delete(name);
    }
  }

  /** A refusal that stands is kept like an answer, before it is given. */
  private async execute({ receipt, next }: Exchange): Promise<unknown> {
    try {
      const context = { ...currentMetadata(), ...messageContext(), receipt };
      return await runInMessageContext(context, () => firstValueFrom(next.handle()));
    } catch (error) {
      const note = noteOf(this.problems.known(error));
      if (note !== undefined) await this.store.keepReceipt(receipt, note);
      throw error;
    }
  }
}

/** Whether a request under this key has its receipt already. */
function isAnswered(error: unknown): boolean {
  return error instanceof EventSourcingError && error.code === 'receipt.exists';
}
