// Following the log without a checkpoint: for pages in a browser, and for readers that ask again and again
export { LiveLog, type LiveOptions, type LivePlace } from './live-log';
export { PositionOfAnotherEraError } from './errors';
export { LiveModule } from './live.module';
