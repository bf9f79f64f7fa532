import type { Environment } from '../config/environment';

/** `auto` is JSON in production, where machines read, and text elsewhere. */
export function logFormat({
  LOG_FORMAT,
  NODE_ENV,
}: Pick<Environment, 'LOG_FORMAT' | 'NODE_ENV'>): 'text' | 'json' {
  if (LOG_FORMAT !== 'auto') return LOG_FORMAT;
  return NODE_ENV === 'production' ? 'json' : 'text';
}
