/** What one append may hold. The limits keep a batch inside one network message and one index page. */
export const appendLimits = {
  eventsPerAppend: 1_000,
  /** Data and metadata of one event together, as UTF-8 JSON. */
  bytesPerEvent: 1_048_576,
  /** Characters of JSON in all events of one append together. */
  charactersPerAppend: 16_777_216,
  /** Characters of a stream type, a stream id, an event type and a claim's scope. */
  nameLength: 200,
  claimsPerAppend: 100,
  /** Characters of a claimed value. */
  claimValueLength: 512,
  /** Characters of a receipt's caller, key and note. Caller and key together fit an index page. */
  receiptCallerLength: 512,
  receiptKeyLength: 255,
  receiptNoteLength: 16_384,
  /** Nesting of arrays and objects inside an event's data. */
  jsonDepth: 64,
} as const;
