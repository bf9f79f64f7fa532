import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { type ProblemDetail, ValidationFailedError } from './problem';
import { validation } from './validation';

class Part {
  @IsInt()
  no!: number;
}

class Line {
  @IsString()
  sku!: string;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts?: Part[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Part)
  main?: Part;
}

class Order {
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Line)
  gift?: Line;

  @IsOptional()
  @ValidateNested()
  @Type(() => Line)
  undeclared?: Line[];

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Line)
  byName?: Map<string, Line>;

  @IsOptional()
  @IsString({ each: true })
  tags?: string[];
}

class LargeOrder extends Order {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Order)
  parts?: Order[];
}

const line = { sku: 'a' };

async function problemsOf(body: unknown, metatype: typeof Order = Order): Promise<readonly ProblemDetail[]> {
  try {
    await validation().transform(body, { type: 'body', metatype });
    return [];
  } catch (error) {
    if (!(error instanceof ValidationFailedError)) throw error;
    return error.errors;
  }
}

const object = 'must be an object';

const wrong: readonly (readonly [body: object, pointer: string, detail: string | RegExp])[] = [
  [{ lines: [[]] }, '#/lines/0', object],
  [{ lines: [line, []] }, '#/lines/1', object],
  [{ lines: [[line]] }, '#/lines/0', object],
  [{ lines: [[[]]] }, '#/lines/0', object],
  [{ lines: line }, '#/lines', 'lines must be a list'],
  [{ lines: [], gift: [] }, '#/gift', object],
  [{ lines: [], gift: [line] }, '#/gift', object],
  [{ lines: [], gift: [[]] }, '#/gift', object],
  [{ lines: [{ ...line, parts: [[]] }] }, '#/lines/0/parts/0', object],
  [{ lines: [{ ...line, main: [] }] }, '#/lines/0/main', object],
  [{ lines: [{ ...line, parts: { no: 1 } }] }, '#/lines/0/parts', 'parts must be a list'],
  [{ lines: [], gift: { ...line, parts: [[]] } }, '#/gift/parts/0', object],
  [{ lines: [], undeclared: [[]] }, '#/undeclared/0', object],
  [{ lines: [], undeclared: line }, '#/undeclared', 'undeclared must be a list'],
  [{ lines: [], byName: { 'a/b~c': [] } }, '#/byName/a~1b~0c', object],
  [{ lines: [], byName: { a: { ...line, main: [] } } }, '#/byName/a/main', object],
  [{ lines: [], tags: 'a' }, '#/tags', 'tags must be a list'],
];

describe('a body', () => {
  it.each(wrong)('like %j is refused at %s', async (body, pointer, detail) => {
    expect(await problemsOf(body)).toEqual([{ pointer, detail }]);
    expect(await problemsOf({ lines: [], parts: [body] }, LargeOrder)).toEqual([
      { pointer: pointer.replace('#', '#/parts/0'), detail },
    ]);
  });

  it('is refused with all that is wrong in it', async () => {
    const body = { lines: [[], line, [line]], gift: [] };
    expect((await problemsOf(body)).map(({ pointer }) => pointer)).toEqual([
      '#/lines/0',
      '#/lines/2',
      '#/gift',
    ]);
  });

  it.each([
    { lines: [] },
    { lines: [line, { ...line, parts: [{ no: 1 }], main: { no: 2 } }] },
    { lines: [line], gift: line, undeclared: [line], tags: ['a'], byName: { a: line } },
    { lines: [line], gift: null, undeclared: null, tags: null },
  ])('like %j is taken', async (body) => {
    expect(await problemsOf(body)).toEqual([]);
  });

  it.each([
    [{ lines: ['a'] }, '#/lines/0'],
    [{ lines: {} }, '#/lines/sku'],
    [{ lines: [line, null] }, '#/lines/1'],
    [{ lines: [{ ...line, parts: [{ no: 1 }, null] }] }, '#/lines/0/parts/1'],
    [{ lines: [], byName: { a: null } }, '#/byName/a'],
    [{ lines: [{ sku: [] }] }, '#/lines/0/sku'],
    [{ lines: [], tags: [[]] }, '#/tags'],
  ])('like %j is refused by the rules of the validator, too', async (body, pointer) => {
    expect((await problemsOf(body)).map((problem) => problem.pointer)).toEqual([pointer]);
  });
});
