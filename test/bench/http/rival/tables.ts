import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The tables of the rival: its users, and the events that it tells others about. */
export const createTables = `
  CREATE TABLE crud_users (
    user_id uuid PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL
  );
  CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`;

@Entity('crud_users')
export class CrudUser {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  email!: string;

  @Column('boolean', { name: 'is_active' })
  isActive!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  @Column('integer')
  version!: number;
}

@Entity('outbox')
export class OutboxRow {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  type!: string;

  @Column('jsonb')
  data!: object;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
