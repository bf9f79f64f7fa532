import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import { HttpModule } from '../http/http.module';
import { HealthChecks } from './health-checks';
import { HealthController } from './health.controller';
import { Readiness } from './readiness';

@Module({
  imports: [AuthModule, HttpModule],
  controllers: [HealthController],
  providers: [HealthChecks, Readiness],
  exports: [HealthChecks],
})
export class HealthModule {}
