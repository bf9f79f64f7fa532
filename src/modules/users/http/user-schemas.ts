import type { ApiTag, DocumentedProblem } from '../../../platform';

export const usersTag: ApiTag = {
  name: 'users',
  description: 'Users: commands, and queries from their read model.',
};

export const userIdSchema = {
  type: String,
  format: 'uuid',
  description: 'The id of the user.',
  examples: ['0197c2f4-5d0e-7c3a-9b1f-2f6f3f0c9a11'],
};

export const nameSchema = {
  type: String,
  minLength: 1,
  maxLength: 200,
  description:
    '1 to 200 characters after trimming, in any script, at least one that can be seen, without control characters.',
  examples: ['Ada Lovelace'],
};

export const emailSchema = {
  type: String,
  format: 'idn-email',
  maxLength: 254,
  description:
    'A valid address without characters that cannot be seen; stored trimmed and in lower case. Unique among all users, active ' +
    'or not, in all its spellings (Unicode NFC, domain in ASCII).',
  examples: ['ada@example.org'],
};

export const versionSchema = {
  type: 'integer' as const,
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'How many events the user has.',
  examples: [3],
};

export const positionSchema = {
  type: String,
  pattern: '^[1-9]\\d{0,18}$',
  description: 'Place in the whole log, a decimal number.',
  examples: ['1042'],
};

export const pageLimitSchema = {
  type: 'integer' as const,
  minimum: 1,
  maximum: 200,
  default: 50,
  description: 'How many items a page has at most.',
};

export const userNotFound: DocumentedProblem = {
  code: 'user-not-found',
  status: 404,
  when: 'There is no user of this id; right after its creation, send `Min-Event-Position`.',
};

export const userAlreadyExists: DocumentedProblem = {
  code: 'user-already-exists',
  status: 409,
  when: 'There is a user of this id already.',
};

export const emailTaken: DocumentedProblem = {
  code: 'email-taken',
  status: 409,
  when: 'Another user has this e-mail address, active or not.',
};

export const userDeactivated: DocumentedProblem = {
  code: 'user-deactivated',
  status: 422,
  when: 'The user is deactivated; reactivate the user first.',
};
