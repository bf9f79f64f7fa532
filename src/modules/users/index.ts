// The events, for handlers and projectors of other features
export {
  UserCreated,
  UserDeactivated,
  UserEmailChanged,
  UserReactivated,
  UserRenamed,
} from './domain/user-events';

// What the platform is told of users
export { exampleRequests } from './http/example-requests';
export { userRoles } from './http/user-roles';
export { usersTag } from './http/user-schemas';

// Wiring
export { addUserCommands } from './cli/user-commands';
export { UsersModule } from './users.module';
