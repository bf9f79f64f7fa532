import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A message that is to be sent to a new user. Whoever sends it marks it as sent. */
@Entity('welcome_messages')
export class WelcomeMessageEntity {
  /** Id of the UserCreated event: the receiver of a message knows a repeated one by it. */
  @PrimaryColumn('uuid', { name: 'message_id' })
  messageId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  email!: string;

  @Column('text')
  text!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'sent_at', nullable: true })
  sentAt!: Date | null;
}
