import { Module } from '@nestjs/common';
import { LiveLog } from './live-log';

/** Gives {@link LiveLog} to the modules that import it. */
@Module({ providers: [LiveLog], exports: [LiveLog] })
export class LiveModule {}
