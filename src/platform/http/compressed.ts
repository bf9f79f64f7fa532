import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import compression from 'compression';
import type { Request, Response } from 'express';

const compress = compression();

/**
 * Compresses the answers of a route for clients that take them so (`Accept-Encoding`). For large answers in which nothing of the
 * request stands: what a stranger can mix with a secret, the length of a compressed answer tells (BREACH).
 */
export function Compressed(): MethodDecorator {
  return UseInterceptors(CompressionInterceptor);
}

@Injectable()
class CompressionInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp();
    compress(http.getRequest<Request>(), http.getResponse<Response>(), () => undefined);
    return next.handle();
  }
}
