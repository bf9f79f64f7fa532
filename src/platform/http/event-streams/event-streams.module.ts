import { Module } from '@nestjs/common';
import { ObservabilityModule } from '../../observability/observability.module';
import { HttpModule } from '../http.module';
import { EventStreams } from './event-streams';

/** For modules whose controllers answer with Server-Sent Events. */
@Module({ imports: [HttpModule, ObservabilityModule], providers: [EventStreams], exports: [EventStreams] })
export class EventStreamsModule {}
