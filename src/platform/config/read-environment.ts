import { NestFactory } from '@nestjs/core';
import { PlatformConfigModule } from './config.module';
import { Environment } from './environment';

/** The checked variables, for a command that does not start the application. @throws ConfigurationError */
export async function readEnvironment(): Promise<Environment> {
  const options = { logger: false, abortOnError: false } as const;
  const context = await NestFactory.createApplicationContext(PlatformConfigModule.forRoot(), options);
  const environment = context.get(Environment);
  await context.close();
  return environment;
}
