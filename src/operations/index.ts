// What the platform is told of operations
export { adminTag } from './admin/admin-tag';
export { feedTag } from './feed/feed-tag';
export { operatorRoles } from './admin/operator-roles';

// Wiring
export { OperationsModule } from './operations.module';

// What to type about an error of the kernel
export { mendOf, mendOfFailure } from './mends';

// The commands: they need the kernel alone, and find it in the application that is started for them
export { addLogCommands } from './cli/log-commands';
export { addSubscriptionCommands } from './cli/subscription-commands';
export { addVerifyCommand } from './cli/verify-command';
