import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Request } from 'express';
import { callerOf } from './caller';

/** Name of the limit. */
export const probing = 'probing';

const TELLS_OF_OTHERS = 'annals:tells-of-others';

/**
 * The answers of this route tell whether a value of another user exists (`email-taken`). A caller with `users:self` alone, who
 * may not see other users, gets few of them.
 */
export function TellsOfOthers(): CustomDecorator {
  return SetMetadata(TELLS_OF_OTHERS, true);
}

/** Whether the limit passes over this request. */
export function isNoProbe(context: ExecutionContext): boolean {
  if (Reflect.getMetadata(TELLS_OF_OTHERS, context.getHandler()) !== true) return true;
  const roles = callerOf(context.switchToHttp().getRequest<Request>())?.roles;
  return !roles?.has('users:self') || roles.has('users:write');
}
