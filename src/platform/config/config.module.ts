import { DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Environment } from './environment';
import { validateEnvironment } from './validate-environment';

/** Makes the checked `Environment` injectable everywhere. Reads `.env` where there is one. */
@Module({})
export class PlatformConfigModule {
  static forRoot(): DynamicModule {
    return {
      module: PlatformConfigModule,
      global: true,
      imports: [ConfigModule.forRoot({ validate: (VARIABLES) => ({ VARIABLES }) })],
      providers: [
        {
          provide: Environment,
          inject: [ConfigService],
          useFactory: (config: ConfigService) => validateEnvironment(config.getOrThrow('VARIABLES')),
        },
      ],
      exports: [Environment],
    };
  }
}
