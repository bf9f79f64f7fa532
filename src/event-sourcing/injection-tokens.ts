/** Token of the options that `forRoot` was given. The same for every copy of the package, so that two of them are noticed. */
export const OPTIONS = Symbol.for('@annals/nestjs options');

/** Token of the TypeORM data source of read models and checkpoints, which the application may have given a name. */
export const DATA_SOURCE = Symbol('data source of EventSourcingModule');

/** Token of the SubscriptionSettings: the defaults, and what `forRoot` was given. */
export const SETTINGS = Symbol('settings of the subscriptions');
