import {
  applyDecorators,
  CanActivate,
  ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { ProjectionPositions } from '../../event-sourcing';
import { ApiReadsModel } from '../openapi/api-route';
import { ReadModelBehindError, ValidationFailedError } from './problem';

/** Metadata of a route: the projection that it reads. */
export const READS_MODEL = 'annals:reads-model';
const largestPosition = 2n ** 63n - 1n;
const defaultWaitSeconds = 2;
const longestWaitSeconds = 10;

/**
 * The route answers from this read model. It waits for `Min-Event-Position` (as long as `Prefer: wait=<seconds>` allows),
 * and its `Event-Position` tells how far the read model had got before the rows were read.
 */
export function ReadsModel(projection: string): MethodDecorator {
  return applyDecorators(
    SetMetadata(READS_MODEL, projection),
    UseGuards(ReadsModelGuard),
    ApiReadsModel(projection),
  );
}

@Injectable()
class ReadsModelGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly positions: ProjectionPositions,
  ) {}

  /** @throws ReadModelBehindError, ValidationFailedError. */
  async canActivate(context: ExecutionContext): Promise<true> {
    const projection = this.reflector.get<string>(READS_MODEL, context.getHandler());
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const least = leastPosition(request.get('Min-Event-Position'));
    if (least > 0n && !(await this.positions.waitFor(projection, least, waitMs(request.get('Prefer'))))) {
      throw new ReadModelBehindError(projection, least);
    }
    response.setHeader('Event-Position', String(await this.positions.position(projection)));
    return true;
  }
}

function leastPosition(header: string | undefined): bigint {
  if (header === undefined) return 0n;
  if (/^\d{1,19}$/.test(header) && BigInt(header) <= largestPosition) return BigInt(header);
  throw ValidationFailedError.at('#/headers/Min-Event-Position', 'must be a position: a decimal number');
}

/** RFC 7240: a preference that cannot be understood is ignored. */
function waitMs(prefer: string | undefined): number {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(prefer ?? '') ?? [];
  return Math.min(seconds === undefined ? defaultWaitSeconds : Number(seconds), longestWaitSeconds) * 1_000;
}
