import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user as the queries see it: one row, made by the projector from the log. */
@Entity('users')
export class UserEntity {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  name!: string;

  /** In lower case. */
  @Column('text')
  email!: string;

  @Column('boolean', { name: 'is_active' })
  isActive!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** When the last event was appended. */
  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;

  /** Version of the last event. */
  @Column('integer')
  version!: number;

  /** Position of UserCreated in the log, as decimal digits: the order of lists. */
  @Column('bigint', { name: 'created_position' })
  createdPosition!: string;
}
