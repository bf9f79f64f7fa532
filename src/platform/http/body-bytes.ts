import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';
import { ValidationFailedError } from './problem';

const decompress = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/**
 * The body of a request, decompressed. Reads no more of it than `limit` bytes: what is longer is refused when that is known, by
 * its length or by the first byte too many. A client that waits to be asked for it is asked when nothing speaks against it.
 * @throws PayloadTooLargeException, UnsupportedMediaTypeException, ValidationFailedError.
 */
export async function bodyBytes(request: IncomingMessage, limit: number, ask: () => void): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] || 'identity').toLowerCase();
  if (encoding !== 'identity' && !isKnown(encoding))
    throw new UnsupportedMediaTypeException(`The content encoding "${encoding}" is not supported.`);
  if (Number(request.headers['content-length']) > limit) throw tooLarge(limit);
  ask();
  const bytes = await bytesOf(request, limit);
  if (encoding === 'identity' || bytes.length === 0) return bytes;
  return decompress[encoding](bytes, { maxOutputLength: limit }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ERR_BUFFER_TOO_LARGE'
      ? tooLarge(limit)
      : ValidationFailedError.at('#', `The body is no ${encoding}.`);
  });
}

function isKnown(encoding: string): encoding is keyof typeof decompress {
  return Object.hasOwn(decompress, encoding);
}

function tooLarge(limit: number): Error {
  return new PayloadTooLargeException(`The body has more than ${limit} bytes.`);
}

function bytesOf(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const take = (piece: Buffer): void => {
      length += piece.length;
      pieces.push(piece);
      if (length > limit) end(() => reject(tooLarge(limit)));
    };
    const whole = (): void => end(() => resolve(Buffer.concat(pieces, length)));
    const cut = (): void =>
      end(() => reject(ValidationFailedError.at('#', 'The body did not come in whole.')));
    const end = (settle: () => void): void => {
      request.off('data', take).off('end', whole).off('close', cut).off('error', cut).pause();
      settle();
    };
    request.on('data', take).on('end', whole).on('close', cut).on('error', cut);
  });
}
