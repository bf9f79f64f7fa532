import { AsyncResource } from 'node:async_hooks';
import { EventSourcingError } from './domain';

/** A query did not answer each question of its group, so that an answer would be taken for another question's. */
export class MissingAnswerError extends EventSourcingError {
  readonly code = 'read-group.answer-missing';
  readonly kind = 'defect';

  constructor(questions: number, answers: number) {
    super(
      `${questions} questions were asked at once, and ${answers} answered. Give one answer for each question.`,
    );
  }
}

/** One answer for each question, in their order. */
type Ask<Question, Answer> = (questions: readonly Question[]) => Promise<readonly Answer[]>;

/** Queries under way before a group waits for one of them. */
const enoughUnderWay = 2;

/** Longest time in ms that a question waits for running queries. Bounds the damage of a query that hangs. */
const patienceMs = 20;

/** Questions of one query, and so of one connection. */
const largestGroup = 128;

/**
 * Reads in groups: what is asked in one turn of the event loop, or while two queries are under way, travels together in the
 * next. At rest a question goes at once, alone. No answer comes from a query that began before its question was asked.
 */
export class ReadGroups<Question, Answer> {
  private next: Group<Question, Answer> | undefined;
  private underWay = 0;
  /** A group serves many callers: it must not run in the context of one of them. */
  private readonly outside = new AsyncResource('ReadGroups');

  constructor(private readonly ask: Ask<Question, Answer>) {}

  get(question: Question): Promise<Answer> {
    if (!this.next && this.underWay === 0) return this.askAlone(question);
    const group = (this.next ??= this.outside.runInAsyncScope(() => this.gather()));
    const answer = group.add(question);
    if (group.size === largestGroup) this.start(group);
    return answer;
  }

  private async askAlone(question: Question): Promise<Answer> {
    this.underWay++;
    try {
      const [answer] = await this.answersTo([question]);
      return answer as Answer;
    } finally {
      this.underWay--;
      if (this.next) this.startSoon();
    }
  }

  private gather(): Group<Question, Answer> {
    const group = new Group<Question, Answer>(setTimeout(() => this.start(group), patienceMs));
    this.startSoon();
    return group;
  }

  private start(group: Group<Question, Answer>): void {
    clearTimeout(group.patience);
    this.next = undefined;
    this.underWay++;
    void this.outside
      .runInAsyncScope(() => group.run((questions) => this.answersTo(questions)))
      // Callers that just got their answer often ask again at once: their questions can join the next group.
      .finally(() => setImmediate(() => this.makeRoom()));
  }

  /** @throws MissingAnswerError where an answer is missing: it would be taken for another question's. */
  private async answersTo(questions: readonly Question[]): Promise<readonly Answer[]> {
    const answers = await this.ask(questions);
    if (answers.length === questions.length) return answers;
    throw new MissingAnswerError(questions.length, answers.length);
  }

  private startSoon(): void {
    setImmediate(() => this.startNext());
  }

  private makeRoom(): void {
    this.underWay--;
    this.startNext();
  }

  private startNext(): void {
    if (this.next && this.underWay < enoughUnderWay) this.start(this.next);
  }
}

class Group<Question, Answer> {
  private readonly questions: Question[] = [];
  private readonly answers: Promise<readonly Answer[]>;
  private settle!: (answers: Promise<readonly Answer[]>) => void;

  /** @param patience Runs out when the group has waited long enough. */
  constructor(readonly patience: NodeJS.Timeout) {
    this.answers = new Promise((resolve) => (this.settle = resolve));
  }

  get size(): number {
    return this.questions.length;
  }

  async add(question: Question): Promise<Answer> {
    const place = this.questions.push(question) - 1;
    return (await this.answers)[place] as Answer;
  }

  /** Never rejects: who asked hears of it. */
  async run(ask: Ask<Question, Answer>): Promise<void> {
    const asked = ask(this.questions);
    this.settle(asked);
    await asked.catch(() => undefined);
  }
}
