import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationInterface, QueryRunner } from 'typeorm';
import { packageRoot } from './package-root';

const fileName = /^(\d{13})-([a-z0-9-]+)\.sql$/;

/** A migration that TypeORM can run: the SQL of one file of `migrations/`, as it stands there. */
type MigrationClass = new () => MigrationInterface;

/**
 * The migrations in the order of their time stamps. They only go forward: to take a change back, add another.
 * @throws Error for a file that is not named `<13 digits>-<name>.sql`.
 */
export function migrations(folder = join(packageRoot(), 'migrations')): MigrationClass[] {
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const [, timestamp, name] = fileName.exec(file) ?? [];
      if (!timestamp || !name) {
        throw new Error(
          `migrations/${file} is not named like 1764000000000-create-event-log.sql. Rename it.`,
        );
      }
      return sqlMigration(`${name}${timestamp}`, join(folder, file));
    });
}

function sqlMigration(name: string, path: string): MigrationClass {
  return class implements MigrationInterface {
    readonly name = name;

    async up(queryRunner: QueryRunner): Promise<void> {
      await queryRunner.query(readFileSync(path, 'utf8'));
    }

    down(): Promise<void> {
      return Promise.reject(new Error(`${name} cannot be taken back. Add a migration that goes forward.`));
    }
  };
}
