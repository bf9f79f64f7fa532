import { Module } from '@nestjs/common';
import { HttpModule } from '../http/http.module';
import { HealthChecks } from './health-checks';
import { HealthController } from './health.controller';
import { Readiness } from './readiness';

@Module({
  imports: [HttpModule],
  controllers: [HealthController],
  providers: [HealthChecks, Readiness],
  exports: [HealthChecks],
})
export class HealthModule {}
