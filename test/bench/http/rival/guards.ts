import { createHash } from 'node:crypto';
import { CanActivate, ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { Request } from 'express';

const callers = new WeakMap<Request, string>();

/** Finds the caller by the SHA-256 of an API key: `API_KEYS` is `<name>/<role>/<sha256>`, as for the service. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly names = new Map<string, string>();

  constructor() {
    const [name = '', , sha256 = ''] = (process.env.API_KEYS ?? '').split('/');
    this.names.set(sha256, name);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const key = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const name = this.names.get(createHash('sha256').update(key).digest('hex'));
    if (name === undefined) throw new UnauthorizedException();
    callers.set(request, name);
    return true;
  }
}

/** Counts the requests of each caller. */
@Injectable()
export class CallerLimitGuard extends ThrottlerGuard {
  protected override getTracker(request: Request): Promise<string> {
    return Promise.resolve(callers.get(request) ?? 'stranger');
  }

  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }
}
