import { Module } from '@nestjs/common';
import { HttpModule } from '../http/http.module';
import { HealthController } from './health.controller';
import { Readiness } from './readiness';

@Module({ imports: [HttpModule], controllers: [HealthController], providers: [Readiness] })
export class HealthModule {}
