/** The file as a whole cannot be read exactly. The message names the place and the mend. */
export class UnreadableFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnreadableFileError';
  }
}
