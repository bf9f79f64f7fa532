export interface Instruction {
  /** Upper-case: `FROM`, `RUN`, `COPY`. */
  name: string;
  /** The rest, with continued lines joined by one space. */
  text: string;
}

/** A build stage: its `FROM` instruction and all that follow, up to the next one. */
export interface Stage {
  image: string;
  name: string | undefined;
  instructions: readonly Instruction[];
}

/** Understands comments and continued lines; knows no here-documents and no `ARG` before the first `FROM`. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name.toUpperCase() === 'FROM') stages.push({ ...imageOf(rest), instructions: [] });
    else stages[stages.length - 1]?.instructions.push({ name: name.toUpperCase(), text: rest.trim() });
  }
  return stages;
}

function imageOf(text: string): Pick<Stage, 'image' | 'name'> {
  const [image = '', , name] = text.replace(/^--platform=\S+\s+/, '').split(/\s+/);
  return { image, name };
}

/** The texts of a stage's instructions of one kind, in order. */
export function textsOf(stage: Stage | undefined, name: string): string[] {
  return (stage?.instructions ?? []).filter((it) => it.name === name).map(({ text }) => text);
}
