import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../support/wait-until';
import { type HostProcess, startHost } from './host-process';
import { installed } from './installed';
import { type Block, blocksOf, writeFiles } from './page';
import { run } from './tarball';

const printedUrl = 'http://127.0.0.1:3000';
const startCommand = 'node dist/main.js';

/** Somebody who follows a page of the documentation from its first block to its last, in a folder of their own. */
export class FollowedPage {
  private readonly folder = mkdtempSync(join(tmpdir(), 'annals-page-'));
  private process: HostProcess | undefined;

  constructor(
    private readonly page: string,
    private readonly databaseUrl: string,
  ) {}

  /** Writes the files, runs the commands, and compares their answers with those that are printed. */
  async follow(): Promise<void> {
    symlinkSync(await installed(this.page), join(this.folder, 'node_modules'));
    const blocks = blocksOf(this.page);
    for (const [index, block] of blocks.entries()) {
      const { language, title, text } = block;
      if (title !== undefined) writeFiles(this.folder, new Map([[title, text]]));
      else if (language === 'sh') await this.type(text, answersTo(blocks[index + 1]));
    }
  }

  async end(): Promise<void> {
    await this.process?.end();
    rmSync(this.folder, { recursive: true });
  }

  private async type(commands: string, answers: string | undefined): Promise<void> {
    if (commands.includes(startCommand)) return this.start(commands);
    if (answers === undefined || !isOnlyReading(commands)) return this.compare(commands, answers);
    await waitUntil(async () => (await this.shell(commands)) === answers).catch(() =>
      this.compare(commands, answers),
    );
  }

  private async compare(commands: string, answers: string | undefined): Promise<void> {
    const answered = await this.shell(commands);
    if (answers !== undefined) expect({ commands, answered }).toEqual({ commands, answered: answers });
  }

  /** Stops the process that runs, and starts it again with what was changed. */
  private async start(commands: string): Promise<void> {
    await this.process?.end();
    await this.shell(commands.replace(new RegExp(`(&& )?${startCommand}`), ''));
    const { folder, databaseUrl } = this;
    this.process = await startHost({ node: process.execPath, folder, databaseUrl });
  }

  /** Runs the commands, and gives what they print: for each answer of HTTP a line. */
  private async shell(commands: string): Promise<string> {
    const lines = commands.split('\n').filter((line) => !line.startsWith('npm install '));
    const script = lines.join('\n').replaceAll(printedUrl, this.process?.url ?? printedUrl);
    const withLineEnds = script.replaceAll(/^curl /gm, "curl -w '\\n' ");
    const env = { ...process.env, DATABASE_URL: this.databaseUrl };
    const { stdout } = await run('bash', ['-ec', withLineEnds], { cwd: this.folder, env });
    return stdout;
  }
}

function answersTo(next: Block | undefined): string | undefined {
  return next?.language === 'json' && next.title === undefined ? next.text : undefined;
}

/** Reads may be repeated until a read model is there. */
function isOnlyReading(commands: string): boolean {
  return !/ -d | -X /.test(commands);
}
