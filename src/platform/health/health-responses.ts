import { ApiProperty } from '@nestjs/swagger';

const checkSchema = { type: 'string' as const, description: '`ok`, or what is wrong.', examples: ['ok'] };

export class LiveResponse {
  @ApiProperty({ enum: ['ok'] })
  status!: string;
}

export class ReadyResponse {
  @ApiProperty({ enum: ['ok', 'unavailable'] })
  status!: string;

  @ApiProperty({
    type: 'object',
    properties: {
      process: checkSchema,
      database: checkSchema,
      migrations: checkSchema,
      subscriptions: checkSchema,
      keys: { ...checkSchema, description: 'Only while the API keys cannot be read.' },
    },
    required: ['process', 'database', 'migrations', 'subscriptions'],
    additionalProperties: false,
  })
  checks!: Readonly<Record<string, string>>;
}
