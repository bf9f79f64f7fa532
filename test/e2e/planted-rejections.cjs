/**
 * Loaded before the built service: plants a promise that is rejected, and that nobody waits for, in a command, a query, a
 * projector, a durable handler and a handler of the event bus; and in a command an aggregate's method that is async. Those of
 * people named "Grace" only.
 */
require('reflect-metadata');
const { setTimeout: delay } = require('node:timers/promises');
const users = '../../dist/modules/users';
const { RenameUserHandler } = require(`${users}/application/rename-user.command.js`);
const { GetUserByIdHandler } = require(`${users}/application/get-user-by-id.query.js`);
const { WelcomeNewUser } = require(`${users}/application/welcome-new-user.js`);
const { AnnounceUserCreated } = require(`${users}/application/announce-user-created.js`);
const { UsersProjector } = require(`${users}/read-model/users.projector.js`);
const { User } = require(`${users}/domain/user.js`);
const { UserRenamed } = require(`${users}/domain/user-events.js`);

async function reject(place) {
  await delay(5);
  throw new RangeError(`planted in the ${place}`);
}

function plant(prototype, method, place) {
  const original = prototype[method];
  prototype[method] = function (...given) {
    if (given[0].name === 'Grace' || given[0].userId) void reject(place);
    return original.apply(this, given);
  };
}

plant(RenameUserHandler.prototype, 'execute', 'command');
plant(GetUserByIdHandler.prototype, 'execute', 'query');
plant(WelcomeNewUser.prototype, 'handle', 'durable handler');
plant(AnnounceUserCreated.prototype, 'handle', 'event bus');
plant(UsersProjector.prototype, 'onCreated', 'projector');

const rename = User.prototype.rename;
User.prototype.rename = function (name) {
  rename.call(this, name);
  void delay(5).then(() => this.raise(new UserRenamed('Eve')));
};

if (process.env.PLANT_EXCEPTION) {
  const { execute } = GetUserByIdHandler.prototype;
  GetUserByIdHandler.prototype.execute = function (...given) {
    setTimeout(() => {
      throw new RangeError('thrown in the query');
    }, 5);
    return execute.apply(this, given);
  };
}
