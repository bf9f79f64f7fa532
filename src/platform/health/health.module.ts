import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module';
import { HttpModule } from '../http/http.module';
import { HealthController } from './health.controller';
import { Readiness } from './readiness';
import { SubscriptionHealth } from './subscription-health';

@Module({
  imports: [AuthModule, HttpModule],
  controllers: [HealthController],
  providers: [Readiness, SubscriptionHealth],
})
export class HealthModule {}
