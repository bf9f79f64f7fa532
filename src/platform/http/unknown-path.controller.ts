import { All, Controller, NotFoundException, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AnyCaller } from '../auth/access';

/** Matches every path, `/` too. */
export const UNKNOWN_PATH = '{*path}';

/** Whether this is the path of the route that takes what is left, perhaps behind a prefix of the application. */
export function isOfUnknownPath(path: unknown): boolean {
  return typeof path === 'string' && path.endsWith(`/${UNKNOWN_PATH}`);
}

/**
 * Where requests end up that no other route takes, so that guards decide about them as well: a stranger is told 401
 * whatever the path, and cannot tell which ones there are.
 */
@ApiExcludeController()
@Controller({ version: VERSION_NEUTRAL })
export class UnknownPathController {
  @All(UNKNOWN_PATH)
  @AnyCaller()
  refuse(): never {
    throw new NotFoundException();
  }
}
